// main.c — finds the subcommand and runs it.
#include "app/call_cli.h"
#include "app/command.h"
#include "app/doctor.h"
#include "bench/bench.h"
#include <stdio.h>
#include <string.h>

const struct oh_command oh_commands[] = {
    {"serve", "run the server in the foreground",
     "offhook serve [--port N] [--config FILE] [--check-config] …\n", oh_serve_command},
    {"token create", "print an access token for a room",
     "offhook token create --room ROOM --identity IDENTITY [--name NAME] [--metadata TEXT] [--ttl 6h]\n"
     "                     [--create] [--list] [--record] [--admin] (for the server API)\n"
     "                     [--hidden] [--agent] [--no-publish] [--no-subscribe] [--no-data]\n"
     "                     [--source microphone]… [--attribute key=value]… [--update-own-metadata]\n"
     "Signs with the first key of the configuration (LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or --config "
     "FILE).\n",
     oh_token_create_command},
    {"call", "join a room from the command line: play a file, record what is heard", OH_CALL_USAGE,
     oh_call_command},
    {"bench", "measure this server on this machine", OH_BENCH_USAGE, oh_bench_command},
    {"doctor", "look whether everything is in place for calls, and say how to mend what is not",
     OH_DOCTOR_USAGE, oh_doctor_command},
    {"keys generate", "print a new API key and secret", NULL, oh_keys_generate_command},
    {"check-config", "read the configuration as serve would, print it without secrets",
     "offhook check-config [--config FILE] [any flag of serve]\n", oh_check_config_command},
    {"version", "print the version", NULL, oh_version_command},
    {"help", "print this, or more about a command, `config` or `routes`",
     "offhook help [COMMAND | config | config-table | routes]\n", oh_help_command},
    {0},
};

// True if args begin with the words of `name`; *words is how many.
static int begins_with(const char *name, int count, char **args, int *words) {
  *words = 0;
  while (*name) {
    size_t len = strcspn(name, " ");
    if (*words == count || strlen(args[*words]) != len || strncmp(args[*words], name, len) != 0) return 0;
    ++*words;
    name += len;
    while (*name == ' ')
      name++;
  }
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 2) return oh_help_command(0, NULL), 2;
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return oh_help_command(0, NULL);
  if (strcmp(argv[1], "--version") == 0) return oh_version_command(0, NULL);
  for (const struct oh_command *command = oh_commands; command->name; command++) {
    int words;
    if (!begins_with(command->name, argc - 1, argv + 1, &words)) continue;
    for (int i = 1 + words; i < argc; i++) {
      char *name[] = {(char *)(unsigned long)command->name};
      if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return oh_help_command(1, name);
    }
    return command->run(argc - 1 - words, argv + 1 + words);
  }
  fprintf(stderr, "offhook: there is no command \"%s\"; `offhook help` lists all\n", argv[1]);
  return 2;
}
