export { AtomsAgent, type AtomsAgentConfig } from "./agent.js";
export type {
  AtomsAgentEvents,
  EventName,
  FunctionCall,
  Handler,
  SessionEnded,
  SessionError,
  SessionStarted,
  ToolsDeclared,
  Transcript,
} from "./events.js";
export type { CallMode } from "./address.js";
export type { ClientTool } from "./protocol.js";
export type { ToolHandler, ToolSchema } from "./tools.js";
