import "./canary";
import "./emergency";
import "./registry";
import "./upgrade";
