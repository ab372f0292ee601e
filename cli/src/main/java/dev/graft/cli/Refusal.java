package dev.graft.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Why a command stops, in the words that its caller reads, and the exit code that goes with it. */
final class Refusal extends RuntimeException {
  private final int exit;
  private final String sentences;
  private final transient List<Line> more;
  private final transient @Nullable ObjectNode document;

  private Refusal(
      int exit,
      String sentences,
      List<Line> more,
      @Nullable ObjectNode document,
      @Nullable Throwable cause) {
    super(sentences, cause);
    this.exit = exit;
    this.sentences = sentences;
    this.more = List.copyOf(more);
    this.document = document;
  }

  /** The call was wrong. */
  static Refusal usage(String sentences) {
    return new Refusal(Exit.USAGE, sentences, List.of(), null, null);
  }

  /**
   * As above, with lines that belong to it.
   *
   * @param more what follows the sentences
   */
  static Refusal usage(String sentences, List<Line> more) {
    return new Refusal(Exit.USAGE, sentences, more, null, null);
  }

  /** The call was right, and it could not be done. */
  static Refusal failed(String sentences) {
    return new Refusal(Exit.FAILED, sentences, List.of(), null, null);
  }

  static Refusal failed(String sentences, Throwable cause) {
    return new Refusal(Exit.FAILED, sentences, List.of(), null, cause);
  }

  /**
   * As above, with lines that belong to it.
   *
   * @param more what follows the sentences
   */
  static Refusal failed(String sentences, List<Line> more) {
    return new Refusal(Exit.FAILED, sentences, more, null, null);
  }

  /**
   * The server said no.
   *
   * @param more what follows the sentences
   * @param document what the server said, whole
   */
  static Refusal answered(String sentences, List<Line> more, ObjectNode document) {
    return new Refusal(Exit.FAILED, sentences, more, document, null);
  }

  int exit() {
    return exit;
  }

  /** Whether the server said no with this code. */
  boolean isOf(String code) {
    return document != null && document.path("code").asString("").equals(code);
  }

  String sentences() {
    return sentences;
  }

  /** Tells people, or a program that asked for JSON and for which there is some. */
  void tell(Output err, boolean json) {
    if (json && document != null) {
      err.json(document);
      return;
    }
    err.print(Line.of("Error: ", Style.RED).and(sentences).hanging(0));
    err.print(more);
  }
}
