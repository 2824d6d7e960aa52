import "./adopt";
import "./deploy";
import "./electorate";
import "./module";
import "./roles";
