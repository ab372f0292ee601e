package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class ValidationTest {
  private static final String PLAIN_MODEL = "\"provider\":\"openai\",\"model\":\"gpt-4o\"";

  @ParameterizedTest
  @CsvSource(
      delimiter = '>',
      textBlock =
          """
          {'name':'12345678901234567890123456789012345678901'} > name must be shorter than or equal to 40 characters
          {'name':7}                                          > name must be a string
          {'id':'x'}                                          > property id should not exist
          {'isServerUrlSecretSet':false}                      > property isServerUrlSecretSet should not exist
          {'firstMessageMode':'whenever'}                     > firstMessageMode must be one of the following values: assistant-speaks-first, assistant-speaks-first-with-model-generated-message, assistant-waits-for-user
          {'maxDurationSeconds':43201}                        > maxDurationSeconds must not be greater than 43200
          {'maxDurationSeconds':'60'}                         > maxDurationSeconds must be a number conforming to the specified constraints
          {'endCallPhrases':['a']}                            > each value in endCallPhrases must be longer than or equal to 2 characters
          {'endCallPhrases':'bye'}                            > endCallPhrases must be an array
          {'clientMessages':['transcript','nonsense','hang']} > each value in clientMessages must be one of the following values: conversation-update, assistant.speechStarted, function-call, function-call-result, hang, language-changed, metadata, model-output, speech-update, status-update, transcript, tool-calls, tool-calls-result, tool.completed, transfer-update, user-interrupted, voice-input, workflow.node.started, assistant.started
          {'silenceTimeoutSeconds':5}                         > silenceTimeoutSeconds must not be less than 10
          {'stopSpeakingPlan':{'voiceSeconds':0.6}}           > stopSpeakingPlan.voiceSeconds must not be greater than 0.5
          {'model':{'provider':'openai'}}                     > model.model must be a string
          {'model':{'model':'gpt-4o'}}                        > model.provider must be one of the following values: anthropic, anthropic-bedrock, anyscale, cerebras, custom-llm, deepinfra, deep-seek, google, groq, inflection-ai, minimax, openai, openrouter, perplexity-ai, together-ai, xai, vapi
          {'model':{MODEL,'maxTokens':49}}                    > model.maxTokens must not be less than 50
          {'model':{MODEL,'toolIds':['x']}}                   > model.each value in toolIds must be a UUID
          {'model':{MODEL,'tools':[{'type':'mcp','serverUrl':1}]}} > model.each value in tools.property serverUrl should not exist
          {'model':{MODEL,'tools':[{'type':'dtmf','function':{}}]}} > model.each value in tools.function.name must be a string
          {'voice':{'provider':'cartesia','voiceId':'a','speed':1}} > voice.property speed should not exist
          {'voice':{'provider':'vapi','voiceId':'elliot'}}    > voice.voiceId must be one of the following values: Clara, Cole, Elliot, Emma, Godfrey, Gustavo, Hana, Harry, Kai, Kylie, Layla, Lily, Naina, Neha, Neil, Nico, Paige, Rohan, Sagar, Savannah, Sid, Spencer
          {'backgroundSound':'cafe'}                          > backgroundSound must be a URL address
          {'voicemailDetection':{'provider':'nobody'}}        > voicemailDetection.provider must be one of the following values: google, openai, vapi, twilio
          {'hooks':[{'on':'call.ending','do':[{'type':'say'}]}]} > each value in hooks.each value in do.type must be one of the following values: tool, message.add, transfer
          {'server':{'timeoutSeconds':301}}                   > server.timeoutSeconds must not be greater than 300
          """)
  void aFaultInAnAssistantIsNamedAsVapiNamesIt(String body, String fault) {
    assertThat(faults(Kind.ASSISTANT, body)).containsExactly(fault);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '>',
      textBlock =
          """
          {}                                                  > type must be one of the following values: function, apiRequest, code, transferCall, handoff, query, mcp, sipRequest, bash, computer, textEditor, dtmf, voicemail, endCall, sms, slack.message.send, google.calendar.availability.check, google.calendar.event.create, google.sheets.row.append, gohighlevel.calendar.availability.check, gohighlevel.calendar.event.create, gohighlevel.contact.create, gohighlevel.contact.get
          {'type':'function','function':{'name':'a b'}}       > function.name must match /^[a-zA-Z0-9_-]{1,64}$/ regular expression
          {'type':'apiRequest','url':'u'}                     > method must be one of the following values: POST, GET, PUT, PATCH, DELETE
          {'type':'apiRequest','url':'u','method':'GET','timeoutSeconds':0} > timeoutSeconds must not be less than 1
          {'type':'bash','subType':'bash_20241022'}           > name must be one of the following values: bash
          {'type':'slack.message.send','name':'n'}            > property name should not exist
          {'type':'function','messages':[{'type':'request-start','role':'system'}]} > each value in messages.property role should not exist
          {'type':'transferCall','destinations':[{'type':'number','number':'+1555'},{'type':'sip'}]} > each value in destinations.sipUri must be a string
          {'type':'code','code':'return 1','environmentVariables':[{'name':'lower','value':''}]} > each value in environmentVariables.name must match /^[A-Z][A-Z0-9_]*$/ regular expression
          """)
  void aFaultInAToolIsNamedAsVapiNamesIt(String body, String fault) {
    assertThat(faults(Kind.TOOL, body)).containsExactly(fault);
  }

  @Test
  void aSquadNeedsItsMembersInEveryWrite() {
    assertThat(faults(Kind.SQUAD, "{}")).containsExactly("members must be an array");
    assertThat(patchFaults(Kind.SQUAD, "{'name':'a'}", "{}"))
        .containsExactly("members must be an array");
  }

  @Test
  void aPatchNeedsNothingElseAtTheTopButEverythingBelow() {
    assertThat(patchFaults(Kind.STRUCTURED_OUTPUT, "{}", "{}")).isEmpty();
    assertThat(patchFaults(Kind.TOOL, "{'timeoutSeconds':5}", "{'type':'apiRequest'}")).isEmpty();
    assertThat(patchFaults(Kind.TOOL, "{'server':{}}", "{'type':'apiRequest'}"))
        .containsExactly("property server should not exist");
    assertThat(patchFaults(Kind.ASSISTANT, "{'model':{'provider':'openai'}}", "{}"))
        .containsExactly("model.model must be a string");
  }

  @Test
  void aSchemasTypeIsOneText() {
    assertThat(faults(Kind.STRUCTURED_OUTPUT, "{'name':'a','schema':{'type':['string','null']}}"))
        .hasSize(1)
        .allMatch(fault -> fault.startsWith("schema.type must be one of"));
    assertThat(faults(Kind.STRUCTURED_OUTPUT, "{'name':'a','schema':{}}")).hasSize(1);
  }

  @Test
  void whatOnlyLiveAccountsTakeCanBeRefused() {
    var published = new Validation.Strictness(false, false);
    ObjectNode body =
        body(
            "{'recordingEnabled':true,'server':{'secret':'s'},'hooks':[{'on':'call.ending','do':["
                + "{'type':'transfer'}]}],'model':{MODEL,'tools':[{'type':'sms','function':{'name':'a'}}]}}");

    assertThat(Validation.ofCreate(Kind.ASSISTANT, body, published).faults())
        .containsExactly(
            "property recordingEnabled should not exist",
            "server.property secret should not exist",
            "each value in hooks.each value in do.type must be one of the following values: tool,"
                + " message.add, transfer",
            "model.each value in tools.property function should not exist");
    assertThat(faults(Kind.ASSISTANT, body.toString())).isEmpty();
  }

  @Test
  void aHookMayCarryACondition() {
    assertThat(
            faults(
                Kind.ASSISTANT,
                "{'hooks':[{'on':'customer.speech.timeout[timeoutSeconds=10]','do':[]}]}"))
        .isEmpty();
  }

  @Test
  void codeMustDeclareWhatItReads() {
    ObjectNode tool =
        body(
            "{'type':'code','code':'return args.city + args.street + env.TOKEN',"
                + "'function':{'name':'a','parameters':{'type':'object','properties':{'city':{}}}}}");

    assertThat(CodeTool.faults(tool))
        .containsExactly(
            "code uses args.street, which is not a parameter",
            "code uses env.TOKEN, which is not a variable");
    assertThat(CodeTool.faults(body("{'type':'function','code':'args.x'}"))).isEmpty();
  }

  private static List<String> faults(Kind kind, String body) {
    var usual = new Validation.Strictness(true, false);
    return Validation.ofCreate(kind, body(body), usual).faults();
  }

  private static List<String> patchFaults(Kind kind, String patch, String stored) {
    var usual = new Validation.Strictness(true, false);
    return Validation.ofPatch(kind, body(patch), body(stored), usual).faults();
  }

  private static ObjectNode body(String text) {
    return Client.json(text.replace("MODEL", PLAIN_MODEL).replace('\'', '"'));
  }
}
