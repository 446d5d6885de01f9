using System.Text.Json;
using System.Text.RegularExpressions;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>The parameters by which clients of other servers give an answer a form: structured_outputs, grammar, json_schema.</summary>
public sealed partial class FormTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string Hot = "\"temperature\":2,\"top_k\":-1,\"top_p\":1,\"max_tokens\":300";

    private const string Tags = """
        {"type":"structural_tag","structures":[{"begin":"<f=get>","schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]},"end":"</f>"},
        {"begin":"<f=put>","schema":{"enum":[1,2]},"end":"</f>"}],"triggers":["<"]}
        """;

    private readonly TestServer _server = demo.Server;

    [Theory]
    [InlineData("\"structured_outputs\":{\"regex\":\"[a-c]{2}-\\\\d{1,9};\",\"disable_any_whitespace\":false,\"json\":null}", @"^[a-c]{2}-\d{1,9};$")]
    [InlineData("\"structured_outputs\":{\"choice\":[\"yes\",\"nö\"],\"disable_fallback\":true}", "^(yes|nö)$")]
    [InlineData("\"structured_outputs\":{\"json\":{\"type\":\"integer\",\"minimum\":5,\"maximum\":700},\"json_object\":false}", @"^\d{1,3}$")]
    [InlineData("\"structured_outputs\":{\"json\":\"{\\\"const\\\":\\\"a\\\"}\"}", "^\"a\"$")]
    [InlineData("\"structured_outputs\":{\"json_object\":true},\"max_tokens\":20", @"^\{")]
    [InlineData("\"structured_outputs\":{\"grammar\":\"root ::= number (\\\", \\\" number){2}\\nnumber ::= [0-9]{1,3}\"}", @"^\d{1,3}(, \d{1,3}){2}$")]
    [InlineData("\"guided_grammar\":\"root ::= \\\"(\\\" inner \\\")\\\"\\ninner ::= [a-f] | [x] inner [x]\",\"max_tokens\":40", @"^\((x*[a-f]x*\)|x+[a-f]?x*$)")]
    [InlineData("\"grammar\":\"root ::= \\\"yes\\\" | \\\"no\\\"\"", "^(yes|no)$")]
    [InlineData("\"grammar\":\"\",\"guided_regex\":\"a\"", "^a$")]
    [InlineData("\"json_schema\":{\"enum\":[\"x\",7]}", "^(\"x\"|7)$")]
    [InlineData("\"response_format\":{\"type\":\"json_object\",\"schema\":{\"enum\":[7]}}", "^7$")]
    public async Task Forms_constrain_chats_and_completions(string form, string expected)
    {
        for (int seed = 0; seed < 3; seed++)
        {
            string more = form.Contains("max_tokens", StringComparison.Ordinal) ? $"\"temperature\":2,{form},\"seed\":{seed}" : $"{Hot},{form},\"seed\":{seed}";
            JsonElement chat = (await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("Who?", more))).GetProperty("choices")[0];
            Assert.Matches(expected, chat.GetProperty("message").GetProperty("content").GetString());
            JsonElement text = (await _server.OkAsync(Bodies.CompletionPath, $"{{\"prompt\":\"a\",{more}}}")).GetProperty("choices")[0];
            Assert.Matches(expected, text.GetProperty("text").GetString());
        }
    }

    [Theory]
    [InlineData("\"structured_outputs\":{\"structural_tag\":TAGS}")]
    [InlineData("\"structured_outputs\":{\"structural_tag\":TEXT}")]
    [InlineData("\"response_format\":TAGS")]
    public async Task A_structural_tag_binds_after_its_trigger(string form)
    {
        string more = form.Replace("TAGS", Tags, StringComparison.Ordinal).Replace("TEXT", JsonSerializer.Serialize(Tags), StringComparison.Ordinal);
        // The model would hardly ever write the trigger on its own.
        string bias = $"\"logit_bias\":{{\"{Assert.Single(await TokensAsync("<"))}\":8}}";
        int bound = 0;
        for (int seed = 0; seed < 6; seed++)
        {
            string content = await AnswerAsync($"{more},{Hot},{bias},\"seed\":{seed}");
            bound += Whole().Count(content);
            Assert.Matches(@"^[^<]*(<f?|<f=[getpu>]*(\{[^<]*|[12])?(<(/f?)?)?)?$", Whole().Replace(content, ""));
        }

        Assert.True(bound > 0);
        Assert.Equal(await AnswerAsync("\"seed\":1"), await AnswerAsync($"{more},\"seed\":1"));
    }

    [Theory]
    [InlineData("""{"type":"const_string","value":"ab"}""", "^ab$")]
    [InlineData("""{"type":"sequence","elements":[{"type":"regex","pattern":"[ab]{3}"},{"type":"or","elements":[{"type":"const_string","value":"x"},{"type":"json_schema","json_schema":{"enum":[1]}}]}]}""", "^[ab]{3}[x1]$")]
    [InlineData("""{"type":"sequence","elements":[{"type":"optional","content":{"type":"const_string","value":"o"}},{"type":"repeat","min":2,"max":3,"content":{"type":"grammar","grammar":"root ::= [r]"}},{"type":"plus","content":{"type":"const_string","value":"-"}}]}""", "^o?r{2,3}-+$")]
    [InlineData("""{"type":"tag","begin":"<t>","content":{"type":"regex","pattern":"[0-9]{1,4}"},"end":["</t>","<end>"]}""", "^<t>[0-9]{1,4}(</t>|<end>)$")]
    [InlineData("""{"type":"tags_with_separator","separator":", ","at_least_one":true,"tags":[{"begin":"(","content":{"type":"const_string","value":"a"},"end":")"},{"type":"tag","begin":"[","content":{"type":"const_string","value":"b"},"end":"]"}]}""", @"^(\(a\)|\[b\])(, (\(a\)|\[b\]))*(,? ?\(?\[?[ab]?)$")]
    [InlineData("""{"type":"tags_with_separator","separator":"","stop_after_first":true,"tags":[{"begin":"(","content":{"type":"const_string","value":"a"},"end":")"}]}""", @"^(\(a\))?$")]
    [InlineData("""{"type":"triggered_tags","triggers":["<"],"at_least_one":true,"stop_after_first":true,"tags":[{"begin":"<a>","content":{"type":"any_text"},"end":"q"}]}""", "^<a>[^q]*q?$")]
    [InlineData("""{"type":"triggered_tags","triggers":["<"],"at_least_one":true,"excludes":["e"],"tags":[{"begin":"<a>","content":{"type":"const_string","value":"e"},"end":""}]}""", "^<a>e([^e<]|<a>e)*(<|<a|<a>)?$")]
    [InlineData("""{"type":"any_text","excludes":["e","a"]}""", "^[^ea]*$")]
    public async Task Formats_of_structural_tags_constrain_answers(string format, string expected)
    {
        for (int seed = 0; seed < 3; seed++)
        {
            string content = await AnswerAsync($"\"structured_outputs\":{{\"structural_tag\":{{\"type\":\"structural_tag\",\"format\":{format}}}}},\"temperature\":2,\"max_tokens\":60,\"seed\":{seed}");
            Assert.Matches(new Regex(expected, RegexOptions.Singleline), content);
        }
    }

    [Fact]
    public async Task Integers_are_limited_unless_the_server_allows_any()
    {
        // Digits are likely and everything else is not, so a number without limits would fill the answer.
        int[] digits = await TokensAsync("0123456789");
        string more = $"\"structured_outputs\":{{\"json\":{{\"type\":\"integer\"}}}},{Hot},\"seed\":5,\"logit_bias\":{{{string.Join(',', digits.Distinct().Select(static id => $"\"{id}\":60"))}}}";
        Assert.InRange(Math.Abs(long.Parse(await AnswerAsync(more), System.Globalization.CultureInfo.InvariantCulture)), 0, (1L << 53) - 1);
        await using TestServer any = await TestServer.StartAsync(static options => options.AnyNumbers = true);
        JsonElement answer = await any.OkAsync(Bodies.ChatPath, Bodies.Chat("Who?", more));
        Assert.True(answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!.Length > 20);
    }

    [Fact]
    public void The_deepest_structural_tag_can_be_sent_to_a_silo()
    {
        string inner = """{"type":"json_schema","json_schema":true}""";
        for (int depth = 0; depth < 12; depth += 2)
        {
            inner = $$"""{"type":"tags_with_separator","separator":",","tags":[{"begin":"(","content":{{inner}},"end":")"}]}""";
        }

        ConstraintSpec spec = Read(inner);
        Assert.Equal(spec.Text, ConstraintSpec.Parse(spec.Text).Text);
        Assert.Throws<ApiException>(() => Read($$"""{"type":"optional","content":{{inner}}}"""));

        static ConstraintSpec Read(string format)
            => new StructuralTagReader("x").Read(JsonDocument.Parse($$"""{"type":"structural_tag","format":{{format}}}""", new JsonDocumentOptions { MaxDepth = 128 }).RootElement);
    }

    [GeneratedRegex(@"<f=(get>\{\s*""n"":\s?-?\d+\s*\}|put>[12])</f>")]
    private static partial Regex Whole();

    private async Task<string> AnswerAsync(string more) =>
        (await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("Who?", more))).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    private async Task<int[]> TokensAsync(string text) =>
        [.. (await _server.OkAsync("/tokenize", $"{{\"prompt\":{JsonSerializer.Serialize(text)},\"add_special_tokens\":false}}")).GetProperty("tokens").EnumerateArray().Select(static id => id.GetInt32())];
}
