// call_cli.h — `offhook call`: a telephone without a screen. Plays an Ogg Opus file into a room (as it is,
// packet by packet in real time), records what it hears, and says in plain words what happens.
#pragma once

// args: what follows "call". 0: the call took place; 1: no connection, or it was lost for good; 2: usage.
int oh_call_command(int count, char **args);

#define OH_CALL_USAGE                                                                                        \
  "offhook call ROOM [--play FILE.ogg] [--record FILE.ogg | --record-dir FOLDER] [--seconds N]\n"            \
  "                    [--url ws[s]://HOST[:PORT]] [--ca FILE.pem]\n"                                        \
  "                    [--token TOKEN | --identity WHO [--name NAME] [--echo] [--config FILE]]\n"            \
  "                    [--two-peer-connections] [--tcp] [--quiet]\n"                                         \
  "The URL is LIVEKIT_URL or ws://localhost:7880 by default. Without a token (LIVEKIT_TOKEN) one is "        \
  "signed\n"                                                                                                 \
  "with the first key of the configuration (LIVEKIT_API_KEY and LIVEKIT_API_SECRET). --echo invites the\n"   \
  "echo partner. Without --seconds the call lasts as long as the file, or until Ctrl-C.\n"
