using System.Text.Json;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>min_tokens, bad_words and allowed_token_ids with the demo model.</summary>
public sealed class RestrictionTests(DemoServer demo) : IClassFixture<DemoServer>
{
    // The demo model answers it with one character per token: 奥迪a6l.
    private static readonly string Question = Bodies.Recorded[0].GetProperty("messages").GetRawText();

    private readonly TestServer _server = demo.Server;

    [Fact]
    public async Task An_answer_has_at_least_min_tokens()
    {
        JsonElement plain = await _server.OkAsync(Bodies.ChatPath, Chat());
        Assert.Equal(("奥迪a6l", 6), (Content(plain), Completion(plain)));
        JsonElement longer = await _server.OkAsync(Bodies.ChatPath, Chat(",\"min_tokens\":11,\"max_tokens\":60"));
        Assert.True(Completion(longer) >= 11);
        Assert.StartsWith("奥迪a6l", Content(longer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "奥")]
    [InlineData(2, "奥迪a")]
    [InlineData(4, "奥迪a6l")]
    public async Task Stop_strings_count_after_min_tokens(int min, string expected)
    {
        string more = $",\"min_tokens\":{min},\"stop\":[\"迪\",\"6\"]";
        Assert.Equal(expected, Content(await _server.OkAsync(Bodies.ChatPath, Chat(more))));
        EventStream stream = await _server.StreamAsync(Bodies.ChatPath, Chat(more + ",\"stream\":true"));
        Assert.Equal(expected, stream.Content());
    }

    [Theory]
    [InlineData("[\"奥迪\"]", "奥迪")]
    [InlineData("[\" a6l\",\"Paris\"]", "a6l")]
    public async Task A_bad_word_does_not_occur(string words, string word)
    {
        Assert.DoesNotContain(word, Content(await _server.OkAsync(Bodies.ChatPath, Chat($",\"bad_words\":{words}"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_allowed_tokens_are_sampled()
    {
        JsonElement tokens = await _server.OkAsync("/tokenize", """{"prompt":"abc"}""");
        JsonElement answer = await _server.OkAsync(
            Bodies.CompletionPath, $$"""{"prompt":"What is","max_tokens":20,"temperature":3,"allowed_token_ids":{{tokens.GetProperty("tokens")}}}""");
        Assert.Equal(20, Completion(answer));
        Assert.Matches("^[abc]+$", answer.GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Allowed_tokens_narrow_a_form()
    {
        JsonElement three = (await _server.OkAsync("/tokenize", """{"prompt":"3"}""")).GetProperty("tokens");
        JsonElement answer = await _server.OkAsync(
            Bodies.CompletionPath, $$"""{"prompt":"What is","max_tokens":5,"guided_regex":"[0-9]{4}","allowed_token_ids":{{three}}}""");
        Assert.Equal("3333", answer.GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("\"min_tokens\":-1", "min_tokens")]
    [InlineData("\"min_tokens\":4", "min_tokens")]
    [InlineData("\"bad_words\":[\"\"]", "bad_words")]
    [InlineData("\"bad_words\":[1]", "bad_words")]
    [InlineData("\"allowed_token_ids\":[]", "allowed_token_ids")]
    [InlineData("\"allowed_token_ids\":[4608]", "allowed_token_ids")]
    [InlineData("\"allowed_token_ids\":\"1\"", "allowed_token_ids")]
    public async Task Wrong_restrictions_are_refused(string parameter, string name)
    {
        (int status, JsonElement json) = await _server.PostAsync(Bodies.CompletionPath, $$"""{"prompt":"hi","max_tokens":3,{{parameter}}}""");
        Assert.Equal((400, name), (status, json.GetProperty("error").GetProperty("param").GetString()));
    }

    private static string Chat(string more = "") => $$"""{"messages":{{Question}}{{more}}}""";

    private static int Completion(JsonElement answer) => answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32();

    private static string Content(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
}
