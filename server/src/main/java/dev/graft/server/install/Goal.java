package dev.graft.server.install;

import dev.graft.core.json.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What an operation is for. */
public sealed interface Goal {
  /** The word for it, in operations and in logs. */
  String kind();

  /** The release is there: first clone, repeat, upgrade. */
  record Clone() implements Goal {
    @Override
    public String kind() {
      return "clone";
    }
  }

  /** What the customer changed in what Graft had written is as Graft wrote it. */
  record Repair() implements Goal {
    @Override
    public String kind() {
      return "repair";
    }
  }

  /** An earlier release is there. */
  record Rollback() implements Goal {
    @Override
    public String kind() {
      return "rollback";
    }
  }

  /** All is as it was before an operation. */
  record Undo(String operation) implements Goal {
    @Override
    public String kind() {
      return "undo";
    }
  }

  /** Nothing that Graft made is there. */
  record Uninstall() implements Goal {
    @Override
    public String kind() {
      return "uninstall";
    }
  }

  /** What is ours in the account stands in the ledger. */
  record Recover() implements Goal {
    @Override
    public String kind() {
      return "recover";
    }
  }

  /** Nothing came late of creates that were looked for in vain. */
  record Sweep() implements Goal {
    @Override
    public String kind() {
      return SWEEP;
    }
  }

  String SWEEP = "sweep";

  /** The form in which it is kept. */
  default ObjectNode toJson() {
    var json = Json.object().put("kind", kind());
    if (this instanceof Undo(String operation)) {
      json.put("operation", operation);
    }
    return json;
  }

  static Goal fromJson(JsonNode json) {
    return switch (json.required("kind").stringValue()) {
      case "clone" -> new Clone();
      case "repair" -> new Repair();
      case "rollback" -> new Rollback();
      case "undo" -> new Undo(json.required("operation").stringValue());
      case "uninstall" -> new Uninstall();
      case "recover" -> new Recover();
      case SWEEP -> new Sweep();
      case String other -> throw new IllegalStateException("no goal is called " + other);
    };
  }
}
