package dev.graft.core.apply;

import dev.graft.core.Diagnostic;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.Mark;
import dev.graft.core.kind.ObjectId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Which templates left their marks in an account: a look that needs no memory of it. */
public final class Marks {
  private Marks() {}

  /** An object that carries a mark. */
  public record Marked(ObjectId object, Mark mark) {
    /** What is to be told of it where its template is not at hand. */
    public Diagnostic withoutTemplate() {
      return Diagnostic.warning(
          "TEMPLATE_UNKNOWN",
          "An object carries the mark of a template that the server does not have.",
          object
              + " is "
              + mark.address()
              + " of the template '"
              + mark.template()
              + "', in version "
              + mark.version()
              + ". Without that template nothing more is known of it. Put the template into the"
              + " server's folder, in that version, and recover again.",
          mark.address().toString());
    }
  }

  /**
   * What was found.
   *
   * @param byTemplate what carries a mark, by the template that it names
   * @param unseen what Vapi answered instead, null when all was seen
   */
  public record Found(Map<String, List<Marked>> byTemplate, @Nullable Reply unseen) {}

  /** Looks at every object of every kind that can carry a mark. */
  public static Found look(VapiAccount account) {
    List<Kind> kinds = Kinds.ALL.stream().filter(kind -> kind.mark() != null).toList();
    List<Reply> replies =
        account.send(kinds.stream().<Call>map(kind -> new Call.All(kind, null, null)).toList());
    Map<String, List<Marked>> found = new TreeMap<>();
    for (int i = 0; i < kinds.size(); i++) {
      Kind kind = kinds.get(i);
      if (!(replies.get(i) instanceof Reply.Ok(JsonNode list)) || !list.isArray()) {
        Reply reply = replies.get(i);
        return new Found(
            Map.of(),
            reply instanceof Reply.Ok
                ? new Reply.Unknown(Reply.Trouble.BAD_ANSWER, "Vapi answered with something else")
                : reply);
      }
      for (JsonNode element : list) {
        if (element instanceof ObjectNode body) {
          Doubt.idOf(body)
              .ifPresent(id ->
                  Mark.on(kind, body)
                      .ifPresent(mark ->
                          found
                              .computeIfAbsent(mark.template(), _ -> new ArrayList<>())
                              .add(new Marked(id, mark))));
        }
      }
    }
    return new Found(found, null);
  }
}
