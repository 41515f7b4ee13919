// command.h — the subcommands of the binary. A new one is one line in the table of main.c.
#pragma once

struct oh_command {
  const char *name, *summary; // the name may have two words: "token create"
  const char *usage;          // more lines for `offhook help NAME`; NULL: none
  // args: what follows the name. Returns the exit status.
  int (*run)(int count, char **args);
};
extern const struct oh_command oh_commands[]; // ends with a NULL name

int oh_serve_command(int count, char **args);        // serve.c
int oh_check_config_command(int count, char **args); // cli.c, as all below
int oh_token_create_command(int count, char **args);
int oh_keys_generate_command(int count, char **args);
int oh_version_command(int count, char **args);
int oh_help_command(int count, char **args);
