package dev.graft.vapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TraceTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String SPAN = "b7ad6b7169203331";

  @Test
  void aTraceIsContinuedWithASpanOfOurOwn() {
    Trace ours = Trace.continued("00-" + TRACE + "-" + SPAN + "-01");
    assertThat(ours.traceId()).isEqualTo(TRACE);
    assertThat(ours.spanId()).matches("[0-9a-f]{16}").isNotEqualTo(SPAN);
    assertThat(ours.header()).isEqualTo("00-" + TRACE + "-" + ours.spanId() + "-01");
    assertThat(ours.parent()).isEqualTo(SPAN);
    Trace call = ours.child();
    assertThat(call.header()).startsWith("00-" + TRACE + "-").doesNotContain(ours.spanId());
    assertThat(call.parent()).isEqualTo(ours.spanId());
    assertThat(Trace.begun().parent()).isNull();
    assertThat(Trace.continued("00-" + TRACE + "-" + SPAN + "-00").sampled()).isFalse();
  }

  @Test
  void aLaterVersionIsReadAsFarAsItIsKnown() {
    assertThat(Trace.parsed("cc-" + TRACE + "-" + SPAN + "-01-what-comes")).isPresent();
    assertThat(Trace.parsed("cc-" + TRACE + "-" + SPAN + "-01")).isPresent();
  }

  @Test
  void whatIsNotWellFormedIsIgnored() {
    for (String header :
        Arrays.asList(
            null,
            "",
            "00",
            "ff-" + TRACE + "-" + SPAN + "-01",
            "00-" + TRACE + "-" + SPAN + "-01-more",
            "00-" + TRACE.toUpperCase(java.util.Locale.ROOT) + "-" + SPAN + "-01",
            "00-" + "0".repeat(32) + "-" + SPAN + "-01",
            "00-" + TRACE + "-" + "0".repeat(16) + "-01",
            "00-" + TRACE.substring(1) + "-" + SPAN + "-01",
            "00-" + TRACE + "-" + SPAN + "-zz",
            "00-" + TRACE + "-" + SPAN,
            "cc-" + TRACE + "-" + SPAN + "-01-" + "x".repeat(600),
            "00-" + TRACE + "-" + SPAN + "-01\r\nX: 1")) {
      assertThat(Trace.parsed(header)).as(String.valueOf(header)).isEmpty();
      assertThat(Trace.continued(header).traceId()).isNotEqualTo(TRACE);
    }
    assertThat(List.of(Trace.begun().traceId(), Trace.begun().traceId())).doesNotHaveDuplicates();
  }
}
