package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.PrintStream;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A place that text goes to: standard output, which is the data, or standard error, which is what
 * is said about it.
 *
 * @param isTerminal whether a person sees it at once
 * @param width of the terminal in columns
 */
record Output(PrintStream stream, boolean isTerminal, boolean colours, int width) {
  static final int USUAL_WIDTH = 80;

  /** A place that no person sees at once. */
  static Output piped(PrintStream stream) {
    return new Output(stream, false, false, USUAL_WIDTH);
  }

  Output withoutColours() {
    return new Output(stream, isTerminal, false, width);
  }

  void print(Line line) {
    stream.print(text(line) + "\n");
    stream.flush();
  }

  void print(String text) {
    print(Line.of(text));
  }

  void print(List<Line> lines) {
    lines.forEach(this::print);
  }

  /** Prints what is to be continued on the same line. */
  void begin(Line line) {
    stream.print(text(line));
    stream.flush();
  }

  /** A program reads lines as they are; only for people they are wrapped. */
  private String text(Line line) {
    return line.text(colours, isTerminal ? width : 0);
  }

  /** A document of the API. */
  void json(JsonNode document) {
    stream.print(Printable.json(Json.writePretty(document)) + "\n");
    stream.flush();
  }

  /** One of many documents, on a line of its own. */
  void jsonLine(JsonNode document) {
    stream.print(Printable.json(Json.write(document)) + "\n");
  }

  /** Text of our own making that must arrive as it is. */
  void verbatim(String text) {
    stream.print(text);
    stream.flush();
  }

  boolean isBroken() {
    return stream.checkError();
  }
}
