export { AtomsAgent, type AgentState } from "./agent.js";
export type { AtomsAgentConfig } from "./config.js";
export type {
  AgentTurn,
  AtomsAgentEvents,
  Caption,
  DeviceChanged,
  EventName,
  FunctionCall,
  Handler,
  Levels,
  PlaybackMoved,
  PlaybackState,
  Reconnected,
  Reconnecting,
  SessionEnded,
  SessionError,
  SessionStarted,
  ToolEnded,
  ToolsDeclared,
  ToolStarted,
  Transcript,
  TurnMetrics,
  UserSpeech,
} from "./events.js";
export type { CallMode } from "./address.js";
export type { HalfDuplex } from "./audio.js";
export type { Platform, SoundOptions } from "./platform.js";
export type { ClientTool } from "./protocol.js";
export type { AgentFrame, Playback, Rates, Sound, SoundListener } from "./sound.js";
export type { ToolHandler, ToolSchema } from "./tools.js";
