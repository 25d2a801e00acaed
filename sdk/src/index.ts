export { AtomsAgent, type AtomsAgentConfig } from "./agent.js";
export type {
  AtomsAgentEvents,
  EventName,
  FunctionCall,
  Handler,
  SessionEnded,
  SessionError,
  SessionStarted,
  Transcript,
} from "./events.js";
export type { ClientTool } from "./protocol.js";
