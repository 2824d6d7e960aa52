import "./canary";
import "./emergency";
import "./invariant";
import "./registry";
import "./state";
import "./upgrade";
