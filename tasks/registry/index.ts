import { lazy } from "../support/lazy";
import { withOutput, withSender } from "../support/options";
import { registryScope } from "../support/scopes";

withOutput(
  registryScope.task("adopt", "Who has power over an existing timelock, and what its admin must call; sends nothing"),
)
  .addPositionalParam("timelock", "A TimelockController of OpenZeppelin")
  .addOptionalParam("acceptRisk", "Accounts whose power beside the registry is known and accepted, separated by commas")
  .setAction(lazy(() => import("./adopt")));

withOutput(
  registryScope.task("deploy", "Deploys a registry with its timelock; goes on where an earlier run was killed"),
)
  .addPositionalParam("file", "The registry's configuration; see deployments/registry.example.yaml")
  .addOptionalParam("as", "Account that deploys; it has no power afterwards")
  .addFlag("dryRun", "Check the file and say what is missing; send nothing")
  .setAction(lazy(() => import("./deploy")));

withSender(
  registryScope.task("draft", "Stores a list of up to 100,352 validators in chunks; a plan takes it into use (anyone)"),
)
  .addPositionalParam("file", "List of validators (YAML or JSON): unit, and seats of account and power")
  .setAction(lazy(() => import("./draft")));

withOutput(registryScope.task("electorate", "Who votes on the next proposal, with which seat and power")).setAction(
  lazy(() => import("./electorate")),
);

withSender(
  registryScope.task("flag", "Lists feature flags; with --clear turns one off (incident role, council member)"),
)
  .addOptionalPositionalParam("name", "Name of the flag")
  .addFlag("clear", "Turn it off, and void what was agreed to turn it on; only a plan turns it on")
  .setAction(lazy(() => import("./flag")));

withOutput(registryScope.task("layout", "Where a contract keeps every field, namespaces and structs included"))
  .addPositionalParam("contract", "path:Name of a compiled contract, an address, or a name of the address book")
  .setAction(lazy(() => import("./layout")));

withSender(registryScope.task("module", "Names a module (release role); without a name, lists them"))
  .addOptionalPositionalParam("name", "Name of the module")
  .addOptionalParam("kind", "uups, transparent, beacon, diamond, redeploy")
  .addOptionalParam("account", "The account users call")
  .addOptionalParam("authority", "Who upgrades it: the ProxyAdmin of a transparent proxy, else the timelock")
  .setAction(lazy(() => import("./module")));

withOutput(registryScope.task("roles", "Who holds which role, the council, and the timelock")).setAction(
  lazy(() => import("./roles")),
);

withOutput(
  registryScope.task("upgrade", "Builds the plan by which the registry takes the facets that are compiled here"),
)
  .addOptionalParam("as", "Account that deploys, and that would propose")
  .addOptionalParam("title", "Title of the plan", "Next version of the registry")
  .addOptionalParam("nonce", "Raise it to propose an equal plan again", "0")
  .addOptionalParam("dwell", "How long the cut can be taken back", "7d")
  .addOptionalParam("remove", "Functions that may go: signatures or selectors, separated by commas")
  .addOptionalParam("layout", "Storage of the facets that serve, as test/snapshots/storage.json keeps it")
  .addOptionalParam("report", "keccak256 of the rehearsal's report, for a plan class that asks for one")
  .addOptionalParam("write", "Write the plan to this JSON file, for upgrade propose")
  .addFlag("deploy", "Deploy the facets first that are not on chain yet")
  .setAction(lazy(() => import("./upgrade")));
