import "./canary";
import "./drill";
import "./emergency";
import "./invariant";
import "./registry";
import "./state";
import "./upgrade";
