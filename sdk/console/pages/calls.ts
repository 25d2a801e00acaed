/** The list of calls: live ones come, tick and go by themselves. */
import "./calls.css";
import { poll } from "../polling.js";
import { tick } from "../ticking.js";

poll();
tick();
