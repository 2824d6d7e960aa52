import { concluding, skip } from "./types";

export const messages = concluding(
  { number: 33, id: "messages", name: "messages to other chains arrive as they were meant" },
  () => skip("this version rehearses on one chain: no message is executed on its destination"),
);
