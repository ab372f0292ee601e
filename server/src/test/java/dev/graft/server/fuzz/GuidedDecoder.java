package dev.graft.server.fuzz;

/** What Jazzer calls: one decoder, chosen by name, over and over. See scripts/fuzz-decoders. */
public final class GuidedDecoder {
  private static Decoder decoder = Decoder.JSON;

  private GuidedDecoder() {}

  public static void fuzzerInitialize(String[] arguments) {
    decoder = Decoder.valueOf(arguments[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    decoder.feed(input);
  }

  /** The names of all decoders, or the inputs to begin with, written to a folder. */
  public static void main(String[] arguments) throws java.io.IOException {
    for (Decoder each : Decoder.values()) {
      System.out.println(each);
      var folder =
          java.nio.file.Files.createDirectories(java.nio.file.Path.of(arguments[0], each.name()));
      for (int i = 0; i < each.seeds().size(); i++) {
        java.nio.file.Files.write(folder.resolve("seed-" + i), each.seeds().get(i));
      }
    }
    // The issuer of the tokens would keep this running.
    System.exit(0);
  }
}
