package dev.graft.sandbox;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * The look that Vapi takes at the code of a code tool: what it reads from {@code args} and {@code
 * env} must be declared (Vapi's own tooling). Ours looks for the plain spelling only.
 */
final class CodeTool {
  private static final Pattern ARGUMENT = Pattern.compile("\\bargs\\.([A-Za-z_$][\\w$]*)");
  private static final Pattern VARIABLE = Pattern.compile("\\benv\\.([A-Za-z_$][\\w$]*)");

  private CodeTool() {}

  static List<String> faults(JsonNode tool) {
    if (!tool.path("type").asString("").equals("code")) {
      return List.of();
    }
    String code = tool.path("code").asString("");
    Set<String> arguments =
        new HashSet<>(tool.at("/function/parameters/properties").propertyNames());
    var variables = new HashSet<String>();
    tool.path("environmentVariables")
        .forEach(each -> variables.add(each.path("name").asString("")));
    var faults = new ArrayList<String>();
    undeclared(ARGUMENT, code, arguments)
        .forEach(name -> faults.add("code uses args." + name + ", which is not a parameter"));
    undeclared(VARIABLE, code, variables)
        .forEach(name -> faults.add("code uses env." + name + ", which is not a variable"));
    return faults;
  }

  private static List<String> undeclared(Pattern use, String code, Set<String> declared) {
    return use.matcher(code)
        .results()
        .map(found -> found.group(1))
        .filter(name -> !declared.contains(name))
        .distinct()
        .toList();
  }
}
