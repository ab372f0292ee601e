package dev.graft.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ScopeType;

/**
 * Every command there is, with what it takes. Each is declared as a value and none is found by
 * reflection: a command line is read while the virtual machine is still cold.
 */
final class Commands {
  /** Commands before options: whoever asks for help looks for a command first. */
  private static final List<String> SECTIONS =
      List.of(
          UsageMessageSpec.SECTION_KEY_HEADER,
          UsageMessageSpec.SECTION_KEY_SYNOPSIS_HEADING,
          UsageMessageSpec.SECTION_KEY_SYNOPSIS,
          UsageMessageSpec.SECTION_KEY_DESCRIPTION_HEADING,
          UsageMessageSpec.SECTION_KEY_DESCRIPTION,
          UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING,
          UsageMessageSpec.SECTION_KEY_COMMAND_LIST,
          UsageMessageSpec.SECTION_KEY_PARAMETER_LIST_HEADING,
          UsageMessageSpec.SECTION_KEY_PARAMETER_LIST,
          UsageMessageSpec.SECTION_KEY_OPTION_LIST_HEADING,
          UsageMessageSpec.SECTION_KEY_OPTION_LIST,
          UsageMessageSpec.SECTION_KEY_EXIT_CODE_LIST_HEADING,
          UsageMessageSpec.SECTION_KEY_EXIT_CODE_LIST,
          UsageMessageSpec.SECTION_KEY_FOOTER);

  private static final String USER = "The id by which your product knows its user.";

  private Commands() {}

  static CommandLine all() {
    CommandSpec graft =
        group(
            "Links Vapi accounts by API key, and clones a team's voice agent into each of them"
                + " exactly once.",
            "graft COMMAND [ARGUMENTS] [OPTIONS]");
    graft.name("graft");
    globalOptions(graft);
    graft
        .addSubcommand("demo", demo())
        .addSubcommand("serve", elsewhere("Runs the server.", "serve"))
        .addSubcommand("config", elsewhere("Shows the settings of the server.", "config"))
        .addSubcommand("doctor", elsewhere("Says what is wrong with a set-up.", "doctor"))
        .addSubcommand("health", health())
        .addSubcommand("link", link())
        .addSubcommand("clone", cloning())
        .addSubcommand("plan", plan())
        .addSubcommand("apply", apply())
        .addSubcommand("status", status())
        .addSubcommand("drift", drift())
        .addSubcommand("repair", repair())
        .addSubcommand("rollback", rollback())
        .addSubcommand("uninstall", uninstall())
        .addSubcommand("unlink", unlink())
        .addSubcommand("accounts", accounts())
        .addSubcommand("templates", templates())
        .addSubcommand("template", template())
        .addSubcommand("api-key", apiKey())
        .addSubcommand(
            "login",
            command(
                "Prints a link that signs you in with a browser, once.",
                "graft login [OPTIONS]",
                Login::run,
                "It needs a token that may do everything, and works for 15 minutes."))
        .addSubcommand("key", key())
        .addSubcommand("keys", keys())
        .addSubcommand("kms", kms())
        .addSubcommand("audit", audit())
        .addSubcommand("webhook", webhook())
        .addSubcommand("account", account())
        .addSubcommand("recover", recover())
        .addSubcommand("backup", backup())
        .addSubcommand(
            "backups",
            command(
                "Lists the backups that the server has.", "graft backups [OPTIONS]", Backup::list))
        .addSubcommand(
            "restore",
            elsewhere("Puts a backup into an empty data folder, without a server.", "restore"))
        .addSubcommand("sandbox", elsewhere("Runs a Vapi to try things on, locally.", "sandbox"))
        .addSubcommand("version", version())
        .addSubcommand("completion", completion());
    epilogue(graft);
    var line = new CommandLine(graft);
    // A user may be called @name.
    line.setExpandAtFiles(false);
    return line;
  }

  private static void globalOptions(CommandSpec graft) {
    graft.addOption(
        global("--url")
            .paramLabel("URL")
            .type(String.class)
            .description("Where the server is [GRAFT_URL, else%nhttp://127.0.0.1:3000].")
            .build());
    graft.addOption(
        global("--token-file")
            .paramLabel("FILE")
            .type(Path.class)
            .description("A file with the server's token [GRAFT_TOKEN].")
            .build());
    graft.addOption(global("--json").description("Print the API's JSON, for programs.").build());
    graft.addOption(global("--no-color").description("Print without colours.").build());
    graft.addOption(global("--debug").hidden(true).build());
    graft.addOption(global("-h", "--help").usageHelp(true).description("Show this help.").build());
    graft.addOption(
        global("-V", "--version").versionHelp(true).description("Show the version.").build());
  }

  private static OptionSpec.Builder global(String... names) {
    return OptionSpec.builder(names).scopeType(ScopeType.INHERIT);
  }

  private static void epilogue(CommandSpec graft) {
    var codes = new LinkedHashMap<String, String>();
    codes.put(
        String.valueOf(Exit.DONE),
        "Done. For plan and --plan: nothing would change. For drift: there is none.");
    codes.put(String.valueOf(Exit.FAILED), "Failed or refused; the reason is on standard error.");
    codes.put(String.valueOf(Exit.CHANGES), "plan found changes, or drift found some.");
    codes.put(String.valueOf(Exit.USAGE), "The command was not used as it should be.");
    graft
        .usageMessage()
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(codes)
        .footer(
            "",
            "What is asked for goes to standard output, everything else to standard error.",
            "NO_COLOR is respected. graft COMMAND --help tells more about a command.");
  }

  private static CommandSpec demo() {
    return command(
            "Shows all of it on this machine, with no account.",
            "graft demo [--port N] [--once]",
            Demo::run)
        .addOption(option("--port", "N", "The port for the server; 0 takes any free one [3000]."))
        .addOption(flag("--once", "Stop at the end instead of waiting for Ctrl-C."));
  }

  private static CommandSpec link() {
    return command(
            "Gives Graft the Vapi key of a user's account.",
            "graft link USER [--region us|eu] [--sealed] [OPTIONS]",
            Link::run,
            "The key is asked for without showing it, or read from standard input when that is no"
                + " terminal. It is never an argument.")
        .addPositional(argument(0, "USER", USER))
        .addPositional(
            PositionalParamSpec.builder()
                .index("1..*")
                .arity("0..*")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .hidden(true)
                .build())
        .addOption(
            OptionSpec.builder("--region")
                .paramLabel("us|eu")
                .type(String.class)
                .completionCandidates(List.of("us", "eu"))
                .description("Try the key in this region of Vapi only.")
                .build())
        .addOption(
            flag(
                "--sealed",
                "What comes in is a record iv:authTag:ciphertext of an older product."));
  }

  private static CommandSpec cloning() {
    CommandSpec spec =
        command(
            "Clones a template into a user's account, or updates it.",
            "graft clone USER [--template NAME] [--adoption POLICY]%n"
                + "            [--adopt ADDRESS=ID]... [--take CHOICE]... [OPTIONS]",
            Work::clone,
            "Doing it again is safe: what is there already is used again.");
    spec.addPositional(argument(0, "USER", USER));
    return wish(spec);
  }

  private static CommandSpec plan() {
    CommandSpec spec =
        command(
            "Shows what a clone would do, field by field, and does nothing.",
            "graft plan USER [--out FILE] [--template NAME] [--adoption POLICY]%n"
                + "           [--adopt ADDRESS=ID]... [--take CHOICE]... [OPTIONS]",
            Plan::run,
            "The exit code is 0 when nothing would change, 2 when something would, and 1 when the"
                + " plan is blocked or could not be made.");
    spec.addPositional(argument(0, "USER", USER));
    spec.addOption(
        OptionSpec.builder("--out")
            .paramLabel("FILE")
            .type(Path.class)
            .description("Write the plan to a file, too, as JSON.")
            .build());
    return wish(spec);
  }

  private static CommandSpec wish(CommandSpec spec) {
    return spec.addOption(
            option("--template", "NAME", "Which template; without it, the server's standard one."))
        .addOption(
            OptionSpec.builder("--adoption")
                .paramLabel("POLICY")
                .type(String.class)
                .completionCandidates(List.of("by-name", "ask", "never"))
                .description(
                    "What to do about an object of the same name that Graft did not make: by-name"
                        + " takes it over, ask stops, never makes another one beside it [by-name].")
                .build())
        .addOption(
            OptionSpec.builder("--adopt")
                .paramLabel("ADDRESS=ID")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .description("Take over this object, as in tool/main=1f0c2d9e-… .")
                .build())
        .addOption(take());
  }

  private static OptionSpec take() {
    return OptionSpec.builder("--take")
        .paramLabel("CHOICE")
        .type(List.class)
        .auxiliaryTypes(String.class)
        .completionCandidates(Take.SIDES)
        .description(
            "Settle what the customer and the template changed both: theirs or ours for all of it,"
                + " or FIELD=theirs, FIELD=ours or FIELD=JSON for one field, as in"
                + " 'assistant/main#model.temperature=0.4'.")
        .build();
  }

  private static CommandSpec apply() {
    return command(
            "Does what a plan says, if it still holds.",
            "graft apply PLAN_ID [OPTIONS]",
            Work::apply)
        .addPositional(argument(0, "PLAN_ID", "The plan, by the id that graft plan gave."));
  }

  private static CommandSpec status() {
    return command(
            "Shows a user's account, what is in it, and what was done last.",
            "graft status USER [OPTIONS]",
            Status::run)
        .addPositional(argument(0, "USER", USER));
  }

  private static CommandSpec drift() {
    return command(
            "Shows what differs from what Graft applied, and who changed it.",
            "graft drift USER [--template NAME] [OPTIONS]",
            Drift::run,
            "The exit code is 0 when the customer changed nothing of it, 2 when something is"
                + " changed or gone, and 1 when that could not be told.")
        .addPositional(argument(0, "USER", USER))
        .addOption(
            option("--template", "NAME", "Of which installation; without it, of all of them."));
  }

  private static CommandSpec repair() {
    return change(
        "Puts back what the customer changed in what Graft had written.",
        "graft repair USER [--template NAME] [--plan] [OPTIONS]",
        Change::repair);
  }

  private static CommandSpec rollback() {
    return change(
            "Goes back to an earlier release, or to before an operation.",
            "graft rollback USER (--to RELEASE | --before OPERATION)%n"
                + "               [--template NAME] [--take CHOICE]... [--even-if-used]%n"
                + "               [--plan] [OPTIONS]",
            Change::rollback)
        .addOption(
            option("--to", "RELEASE", "The version or the digest of the release to go back to."))
        .addOption(
            option(
                "--before",
                "OPERATION",
                "The operation to undo, with all that came after it, by the id that graft status"
                    + " shows."))
        .addOption(take())
        .addOption(evenIfUsed());
  }

  private static CommandSpec uninstall() {
    return change(
            "Removes what Graft made; what it took over stays.",
            "graft uninstall USER [--template NAME]%n"
                + "                [--even-if-used] [--plan] [OPTIONS]",
            Change::uninstall)
        .addOption(evenIfUsed());
  }

  private static CommandSpec change(String header, String synopsis, Action action) {
    return command(header, synopsis, action)
        .addPositional(argument(0, "USER", USER))
        .addOption(
            option(
                "--template",
                "NAME",
                "Which installation; needed only when the account has several."))
        .addOption(
            flag(
                "--plan",
                "Show what it would do, and do nothing. The exit codes are those of graft plan."));
  }

  private static OptionSpec evenIfUsed() {
    return flag(
        "--even-if-used", "Remove objects, too, that something of the customer's own points at.");
  }

  private static CommandSpec unlink() {
    return command(
            "Lets an account go, and destroys its key.",
            "graft unlink USER (--keep | --remove) [--even-if-used] [--yes]%n"
                + "             [OPTIONS]",
            Unlink::run,
            "Whoever else is a user of the account loses it, too.")
        .addPositional(argument(0, "USER", USER))
        .addOption(flag("--keep", "Leave what Graft made in the account."))
        .addOption(flag("--remove", "Delete what Graft made in the account first."))
        .addOption(evenIfUsed())
        .addOption(flag("--yes", "Do it although the account has other users, too."));
  }

  private static CommandSpec accounts() {
    return command(
            "Lists the linked accounts.",
            "graft accounts [--revoked] [--limit N] [OPTIONS]",
            AccountList::run,
            "With --json, one account a line (JSON lines), as they come.")
        .addOption(flag("--revoked", "Only those whose key Vapi does not accept any more."))
        .addOption(option("--limit", "N", "At most so many; without it, all."));
  }

  private static CommandSpec templates() {
    return command(
        "Lists the templates that the server has.", "graft templates [OPTIONS]", TemplatePage::run);
  }

  private static CommandSpec template() {
    return group("Checks templates without a server.", "graft template check [DIR] [OPTIONS]")
        .addSubcommand(
            "check",
            command(
                    "Tells everything that is wrong with the templates in a folder.",
                    "graft template check [DIR] [OPTIONS]",
                    TemplateCheck::run,
                    "Needs no server. The exit code is 1 when a template cannot be used; warnings"
                        + " and notes are allowed.")
                .addPositional(
                    PositionalParamSpec.builder()
                        .index("0")
                        .arity("0..1")
                        .paramLabel("DIR")
                        .type(Path.class)
                        .description(
                            "A template, or a folder of templates [templates here, else those of"
                                + " Graft's own folder].")
                        .build()));
  }

  private static CommandSpec key() {
    return group("Makes a master key for a server.", "graft key generate [OPTIONS]")
        .addSubcommand(
            "generate",
            command(
                "Prints a new master key as 64 hex digits.",
                "graft key generate [OPTIONS]",
                KeyGenerate::run,
                "It is for GRAFT_MASTER_KEY, where the server runs. Nothing keeps it: keep a copy"
                    + " in a safe place, since without it no linked key can be opened."));
  }

  private static CommandSpec keys() {
    return group(
            "Gives accounts new data keys.",
            "graft keys rotate [USER | --account ID | --all] [OPTIONS]")
        .addSubcommand(
            "rotate",
            command(
                    "Seals what is stored of an account with a new data key.",
                    "graft keys rotate (USER | --account ID | --all) [--no-wait] [OPTIONS]",
                    DataKeyRotation::run,
                    "The one before is destroyed when nothing needs it any more. It is done while"
                        + " everything else goes on, and a server that stops goes on with it later."
                        + " The exit code is 1 when something does not open and stays as it is.")
                .addPositional(
                    PositionalParamSpec.builder()
                        .index("0")
                        .arity("0..1")
                        .paramLabel("USER")
                        .type(String.class)
                        .description(USER)
                        .build())
                .addOption(option("--account", "ID", "The account, by its own id."))
                .addOption(flag("--all", "Every account."))
                .addOption(noWait()));
  }

  private static CommandSpec kms() {
    return group(
            "Shows what wraps the data keys, and wraps them again.",
            "graft kms status|rotate|move|check [ARGUMENTS] [OPTIONS]")
        .addSubcommand(
            "status",
            command(
                "Shows which key of which provider wraps how many data keys.",
                "graft kms status [OPTIONS]",
                Kms::status,
                "And how far the last rewrap and new data keys have got, and what went wrong."))
        .addSubcommand(
            "rotate",
            command(
                    "Wraps all data keys under the newest key of the provider.",
                    "graft kms rotate [--no-wait] [OPTIONS]",
                    Kms::rotate,
                    "For after the wrapping key was rotated where it is kept, or a new master key"
                        + " was set with the one before in GRAFT_MASTER_KEY_OLDER. No record is"
                        + " touched, everything else goes on, and a server that stops goes on with it"
                        + " later. The exit code is 1 when a data key could not be wrapped again.")
                .addOption(noWait()))
        .addSubcommand(
            "move",
            command(
                    "Wraps the data keys of one provider by another.",
                    "graft kms move FROM TO [--no-wait] [OPTIONS]",
                    Kms::move,
                    "The server is started with TO in GRAFT_KMS and FROM in GRAFT_KMS_OLDER first,"
                        + " every node of it. As with rotate, no record is touched, and it may be"
                        + " repeated.")
                .addPositional(
                    argument(0, "FROM", "The address of the provider before, as in local: ."))
                .addPositional(
                    argument(1, "TO", "The address of the provider that GRAFT_KMS names."))
                .addOption(noWait()))
        .addSubcommand("check", elsewhere("Tries a key provider, without a server.", "kms check"));
  }

  private static OptionSpec noWait() {
    return flag("--no-wait", "Ask for it, and do not wait for its end.");
  }

  private static CommandSpec audit() {
    return group(
            "Reads, exports and verifies the audit trail.",
            "graft audit list|export|verify|key|restored [ARGUMENTS] [OPTIONS]")
        .addSubcommand(
            "list",
            command(
                    "Shows who did what to which account, the oldest first.",
                    "graft audit list [--account ID] [--after N] [OPTIONS]",
                    Audit::list,
                    "With --json, one record a line.")
                .addOption(option("--account", "ID", "Only what was done to this account."))
                .addOption(option("--after", "N", "Only records after this number.")))
        .addSubcommand(
            "export",
            command(
                    "Writes the whole trail to a file, one record a line.",
                    "graft audit export [FILE] [OPTIONS]",
                    Audit::export,
                    "Without FILE, to standard output. An existing file is not written over.")
                .addPositional(
                    PositionalParamSpec.builder()
                        .index("0")
                        .arity("0..1")
                        .paramLabel("FILE")
                        .type(Path.class)
                        .description("A new file.")
                        .build()))
        .addSubcommand(
            "verify",
            command(
                    "Checks an export, with no server and no database.",
                    "graft audit verify FILE [--checkpoints FILE] [--key KEY] [OPTIONS]",
                    Audit::verify,
                    "Tells what was changed, added, removed or moved. Only with checkpoints from"
                        + " outside it can tell whether the end is missing. The exit code is 0 when"
                        + " all is as Graft wrote it, and 1 when it is not.")
                .addPositional(
                    PositionalParamSpec.builder()
                        .index("0")
                        .arity("1")
                        .required(true)
                        .paramLabel("FILE")
                        .type(Path.class)
                        .description("What graft audit export wrote.")
                        .build())
                .addOption(checkpoints("Checkpoints from outside: the file, or a log with them."))
                .addOption(
                    option(
                        "--key",
                        "KEY",
                        "The public key that graft audit key prints, or a file with it.")))
        .addSubcommand(
            "key",
            command(
                "Prints the public key that checkpoints are signed with.",
                "graft audit key [OPTIONS]",
                Audit::key))
        .addSubcommand(
            "restored",
            command(
                    "Declares that the database was restored from a backup.",
                    "graft audit restored [--checkpoints FILE] [OPTIONS]",
                    Audit::restored,
                    "After such a restore nothing is added to the chain until this is said. It"
                        + " begins a new epoch, and stays on record with who said it.")
                .addOption(
                    checkpoints(
                        "Checkpoints from outside, if they are in none of the server's own sinks.")));
  }

  private static OptionSpec checkpoints(String description) {
    return OptionSpec.builder("--checkpoints")
        .paramLabel("FILE")
        .type(Path.class)
        .description(description)
        .build();
  }

  private static CommandSpec apiKey() {
    return group(
            "Makes, lists, rotates and revokes keys of Graft's own API.",
            "graft api-key make|list|rotate|revoke [ARGUMENTS] [OPTIONS]")
        .addSubcommand("make", apiKeyMake())
        .addSubcommand(
            "list",
            command(
                "Lists the API keys, with what each may do and when it was used.",
                "graft api-key list [OPTIONS]",
                KeyRing::list,
                "The keys themselves are kept nowhere. With --json, one key a line."))
        .addSubcommand(
            "rotate",
            command(
                    "Makes the successor of an API key, and shows it once.",
                    "graft api-key rotate ID [--overlap TIME] [--expires TIME]%n"
                        + "                     [--signing ALGORITHM] [--public-key FILE] [OPTIONS]",
                    KeyRing::rotate,
                    "It may do what the key before may, which stays valid for a while, so that"
                        + " whoever uses it can change over.")
                .addPositional(argument(0, "ID", "The key, by its id."))
                .addOption(
                    option(
                        "--overlap",
                        "TIME",
                        "How long the key before stays valid, as in 2h, or until when [24h]."))
                .addOption(expires())
                .addOption(
                    signing("How requests with it have to be signed; without it, as before."))
                .addOption(publicKey()))
        .addSubcommand(
            "revoke",
            command(
                    "Ends an API key now, on every node.",
                    "graft api-key revoke ID [OPTIONS]",
                    KeyRing::revoke)
                .addPositional(argument(0, "ID", "The key, by its id.")));
  }

  private static CommandSpec apiKeyMake() {
    return command(
            "Makes an API key, and shows it once.",
            "graft api-key make LABEL --scope SCOPE... [--user USER] [--expires TIME]%n"
                + "                   [--signing ALGORITHM] [--public-key FILE] [OPTIONS]",
            KeyRing::make,
            "The key alone goes to standard output. It cannot have more scopes than the token that"
                + " it is made with.")
        .addPositional(argument(0, "LABEL", "What the key is for, in your words."))
        .addOption(
            OptionSpec.builder("--scope")
                .paramLabel("SCOPE")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .completionCandidates(
                    List.of("read", "plan", "link", "change", "unlink", "metrics", "manage"))
                .description(
                    "What it may do: read, plan (and look for drift), link, change (clone, repair,"
                        + " roll back, uninstall), unlink, metrics (what a monitor reads), manage"
                        + " (Graft itself, these keys, too).")
                .build())
        .addOption(
            option(
                "--user",
                "USER",
                "The only user whose account it may touch; without it, it may touch all."))
        .addOption(expires())
        .addOption(
            signing(
                "How requests with it have to be signed (RFC 9421): ed25519 or hmac-sha256, whose"
                    + " secret is the second line of the output. Without it, they need not be."))
        .addOption(publicKey());
  }

  private static OptionSpec signing(String description) {
    return OptionSpec.builder("--signing")
        .paramLabel("ALGORITHM")
        .type(String.class)
        .completionCandidates(List.of("ed25519", "hmac-sha256"))
        .description(description)
        .build();
  }

  private static OptionSpec publicKey() {
    return option(
        "--public-key",
        "FILE",
        "With ed25519, the public key in PEM, as from openssl pkey -pubout.");
  }

  private static OptionSpec expires() {
    return option("--expires", "TIME", "When it ends, as in 90d, or as a time; without it, never.");
  }

  private static CommandSpec account() {
    return group("All that is held about one account.", "graft account COMMAND ... [OPTIONS]")
        .addSubcommand(
            "export",
            command(
                    "Exports it as JSON; the key is never in it.",
                    "graft account export ACCOUNT [--out FILE] [OPTIONS]",
                    AccountData::export)
                .addPositional(argument(0, "ACCOUNT", "The account, by its id or by a user."))
                .addOption(option("--out", "FILE", "Write it to this file, for your eyes only.")))
        .addSubcommand(
            "erase",
            command(
                    "Forgets who an account belonged to, after graft unlink.",
                    "graft account erase ACCOUNT [OPTIONS]",
                    AccountData::erase,
                    "The unlink destroys the key and all that is stored; this takes away what leads"
                        + " from the audit trail, which stays as it is, to the users.")
                .addPositional(
                    argument(0, "ACCOUNT", "The account, by the id that graft unlink printed.")));
  }

  private static CommandSpec recover() {
    return command(
            "Finds again what Graft made in accounts, after its database was lost.",
            "graft recover [USER | --keys FILE] [--template NAME]%n"
                + "              [--adopt ADDRESS=ID]... [--unproven] [--dry-run] [OPTIONS]",
            Recover::run,
            "Reads the accounts that are linked, finds Graft's marks there, and enters in the"
                + " database what they prove. Writes nothing at Vapi. The exit code is 0 when all is"
                + " proven, 2 when something is not, and 1 when an account could not be looked at."
                + " With --json, one account a line (JSON lines).")
        .addPositional(
            PositionalParamSpec.builder()
                .index("0")
                .arity("0..1")
                .paramLabel("USER")
                .type(String.class)
                .description("Only this user's account; without it, every linked one.")
                .build())
        .addOption(
            option(
                "--keys",
                "FILE",
                "Link these first: lines userId,apiKey of a file, or - for standard input."))
        .addOption(option("--template", "NAME", "Only this template."))
        .addOption(
            OptionSpec.builder("--adopt")
                .paramLabel("ADDRESS=ID")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .description("Which of several objects it is, as in assistant/main=1f0c2d9e-… .")
                .build())
        .addOption(
            flag(
                "--unproven",
                "Enter what is of another version of the template, too, as it is: the next upgrade"
                    + " then decides about every field."))
        .addOption(flag("--dry-run", "Say what would be entered, and enter nothing."));
  }

  private static CommandSpec backup() {
    return command(
            "Backs up the server's SQLite database while it is used.",
            "graft backup [--out FILE] [OPTIONS]",
            Backup::make,
            "The backup is one file in the server's folder for backups; no wrapping key is in it."
                + " graft restore goes back to it. PostgreSQL is backed up by its own tools.")
        .addOption(
            option(
                "--out",
                "FILE",
                "Bring it here, too, as this file or into this folder, and check it."));
  }

  private static CommandSpec webhook() {
    return group("Tells others what happens, over HTTP.", "graft webhook COMMAND ... [OPTIONS]")
        .addSubcommand(
            "add",
            command(
                    "Adds an address to which events are told.",
                    "graft webhook add URL [--events TYPES] [--description TEXT] [OPTIONS]",
                    Webhook::add,
                    "The secret that signs the deliveries is shown this once.")
                .addPositional(argument(0, "URL", "Where to deliver, with https."))
                .addOption(
                    option(
                        "--events",
                        "TYPES",
                        "Which types of events, with commas between them, as in"
                            + " operation.failed,account.revoked; without it, all."))
                .addOption(option("--description", "TEXT", "What it is for.")))
        .addSubcommand(
            "list", command("Lists the webhooks.", "graft webhook list [OPTIONS]", Webhook::list))
        .addSubcommand(
            "deliveries",
            onWebhook(
                    "Shows what was, is or could not be delivered.",
                    "graft webhook deliveries WEBHOOK [--state STATE] [OPTIONS]",
                    Webhook::deliveries,
                    "With --json, one delivery a line (JSON lines).")
                .addOption(
                    OptionSpec.builder("--state")
                        .paramLabel("STATE")
                        .type(String.class)
                        .completionCandidates(List.of("waiting", "delivered", "dead"))
                        .description("Only those that are waiting, delivered or dead.")
                        .build()))
        .addSubcommand(
            "replay",
            onWebhook(
                    "Delivers again.",
                    "graft webhook replay WEBHOOK (EVENT | --since TIME [--delivered])%n"
                        + "                     [OPTIONS]",
                    Webhook::replay)
                .addPositional(
                    PositionalParamSpec.builder()
                        .index("1")
                        .arity("0..1")
                        .paramLabel("EVENT")
                        .type(String.class)
                        .description("One event, by the id that the deliveries show.")
                        .build())
                .addOption(
                    option(
                        "--since",
                        "TIME",
                        "Everything that did not get through since then, as in"
                            + " 2026-11-23T09:00:00Z."))
                .addOption(flag("--delivered", "With --since: what got through, too.")))
        .addSubcommand(
            "rotate-secret",
            onWebhook(
                    "Makes a new secret; both sign for a while.",
                    "graft webhook rotate-secret WEBHOOK [--overlap-hours N] [OPTIONS]",
                    Webhook::rotate)
                .addOption(
                    option(
                        "--overlap-hours",
                        "N",
                        "How long the former secret signs as well, 0 to 168 [24].")))
        .addSubcommand(
            "test",
            onWebhook(
                "Sends an event of no meaning, and tells whether it got through.",
                "graft webhook test WEBHOOK [OPTIONS]",
                Webhook::test,
                "The exit code is 0 when it got through, and 1 when it did not."))
        .addSubcommand(
            "enable",
            onWebhook(
                "Delivers to a webhook again that was disabled.",
                "graft webhook enable WEBHOOK [OPTIONS]",
                Webhook::enable))
        .addSubcommand(
            "disable",
            onWebhook(
                "Delivers nothing to a webhook, and gives up what waits.",
                "graft webhook disable WEBHOOK [OPTIONS]",
                Webhook::disable))
        .addSubcommand(
            "remove",
            onWebhook(
                "Forgets a webhook and what was on its way to it.",
                "graft webhook remove WEBHOOK [OPTIONS]",
                Webhook::remove));
  }

  private static CommandSpec onWebhook(
      String header, String synopsis, Action action, String... description) {
    return command(header, synopsis, action, description)
        .addPositional(
            argument(0, "WEBHOOK", "The webhook, by the id that graft webhook list shows."));
  }

  private static CommandSpec version() {
    return command(
            "Shows the version of this program.",
            "graft version [--server] [OPTIONS]",
            Version::run)
        .addOption(flag("--server", "Ask, too, whether the server answers."));
  }

  private static CommandSpec health() {
    return command(
            "Tells by its exit code whether a server is ready.",
            "graft health [--wait SECONDS] [OPTIONS]",
            Health::run,
            "It needs no token, sends none, and takes any certificate: it is for supervisors on the"
                + " same machine.")
        .addOption(option("--wait", "SECONDS", "How long to ask again until it is [0]."));
  }

  private static CommandSpec completion() {
    return command(
            "Prints what a shell needs to complete these commands.",
            "graft completion bash|zsh",
            Completion::run,
            "For bash: source <(graft completion bash)",
            "For zsh:  source <(graft completion zsh)")
        .addPositional(
            PositionalParamSpec.builder()
                .index("0")
                .arity("1")
                .required(true)
                .paramLabel("bash|zsh")
                .type(String.class)
                .completionCandidates(Completion.SHELLS)
                .description("The shell.")
                .build());
  }

  private static CommandSpec elsewhere(String header, String name) {
    CommandSpec spec = command(header, "graft " + name + " ...", Elsewhere::run);
    spec.parser().unmatchedArgumentsAllowed(true);
    return spec;
  }

  private static CommandSpec group(String header, String synopsis) {
    return command(header, synopsis, Commands::explain);
  }

  /** A group of commands does nothing by itself. */
  private static int explain(Given given, Terminal terminal) {
    terminal.err().verbatim(given.usage());
    return Exit.USAGE;
  }

  private static CommandSpec command(
      String header, String synopsis, Action action, String... description) {
    CommandSpec spec = CommandSpec.wrapWithoutInspection(action);
    spec.usageMessage()
        .width(Output.USUAL_WIDTH)
        .sectionKeys(SECTIONS)
        .header(header, "")
        .customSynopsis(synopsis.split("%n", -1))
        .description(description)
        .descriptionHeading(description.length == 0 ? "" : "%n")
        .parameterListHeading("%nArguments:%n")
        .optionListHeading("%nOptions:%n")
        .commandListHeading("%nCommands:%n")
        .sortOptions(false);
    return spec;
  }

  private static PositionalParamSpec argument(int place, String label, String description) {
    return PositionalParamSpec.builder()
        .index(String.valueOf(place))
        .arity("1")
        .required(true)
        .paramLabel(label)
        .type(String.class)
        .description(description)
        .build();
  }

  private static OptionSpec option(String name, String label, String description) {
    return OptionSpec.builder(name)
        .paramLabel(label)
        .type(String.class)
        .description(description)
        .build();
  }

  private static OptionSpec flag(String name, String description) {
    return OptionSpec.builder(name).description(description).build();
  }
}
