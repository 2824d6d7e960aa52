import "./check";
import "./define";
import "./list";
import "./poke";
