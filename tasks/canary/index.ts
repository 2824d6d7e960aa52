import "./freeze";
import "./status";
