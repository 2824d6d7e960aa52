import "./halt";
import "./lift";
import "./rollback";
import "./status";
import "./veto";
