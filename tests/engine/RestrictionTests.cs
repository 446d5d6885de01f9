using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

/// <summary>Shortest lengths, bad words and allowed tokens bind every token of an answer.</summary>
public sealed class RestrictionTests
{
    private static readonly ExecutorLimits Limits = new(48, 200, 60, 4, 64, 8);
    private static readonly GenerationRequest Plain = new() { PromptIds = new[] { 1, 2, 3 }, MaxTokens = 24, Sampling = new() { Seed = 8, Temperature = 0 }, IgnoreEos = true };

    [Fact]
    public async Task Stop_ids_are_not_sampled_before_the_shortest_length()
    {
        ChoiceResult plain = await RunAsync(Plain);
        int stop = plain.Ids.Span[2];
        ChoiceResult stopped = await RunAsync(Plain with { StopIds = [stop] });
        Assert.Equal((FinishReason.Stop, 3), (stopped.Finish, stopped.Ids.Length));
        ChoiceResult longer = await RunAsync(Plain with { StopIds = [stop], MinTokens = 7 });
        Assert.DoesNotContain(stop, longer.Ids.ToArray()[..7]);
        Assert.Equal(plain.Ids.ToArray()[..2], longer.Ids.ToArray()[..2]);
        Assert.True(longer.Ids.Length > 7);
    }

    [Fact]
    public async Task Stop_strings_are_not_matched_before_the_shortest_length()
    {
        ChoiceResult plain = await RunAsync(Plain);
        string stop = LetterText.Letters(plain.Ids.Span[1]);
        ChoiceResult stopped = await RunAsync(Plain with { StopStrings = [stop] });
        ChoiceResult longer = await RunAsync(Plain with { StopStrings = [stop], MinTokens = 6 });
        Assert.True(stopped.Ids.Length <= 2);
        Assert.True(longer.Ids.Length > 6);
        Assert.Equal(plain.Ids.ToArray()[..longer.Ids.Length], longer.Ids.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_bad_word_is_left_at_its_last_token(int length)
    {
        int[] plain = (await RunAsync(Plain)).Ids.ToArray();
        int[] word = plain[4..(4 + length)];
        int[] without = (await RunAsync(Plain with { Sampling = Plain.Sampling with { BadWords = [word] } })).Ids.ToArray();
        Assert.Equal(plain[..(3 + length)], without[..(3 + length)]);
        Assert.NotEqual(word[^1], without[3 + length]);
        Assert.Equal(-1, without.AsSpan().IndexOf(word));
    }

    [Fact]
    public async Task Only_allowed_tokens_are_sampled()
    {
        int[] allowed = [3, 17, 47];
        ChoiceResult answer = await RunAsync(Plain with { Sampling = new() { Seed = 1, AllowedTokens = allowed } });
        Assert.Equal(24, answer.Ids.Length);
        Assert.All(answer.Ids.ToArray(), id => Assert.Contains(id, allowed));
    }

    [Theory]
    [InlineData("min_tokens")]
    [InlineData("allowed_token_ids")]
    [InlineData("bad_words")]
    public async Task Wrong_restrictions_are_refused(string parameter)
    {
        GenerationRequest wrong = parameter switch
        {
            "min_tokens" => Plain with { MinTokens = 25 },
            "allowed_token_ids" => Plain with { Sampling = new() { AllowedTokens = [48] } },
            _ => Plain with { Sampling = new() { BadWords = [[1], []] } },
        };
        RequestException error = await Assert.ThrowsAsync<RequestException>(() => RunAsync(wrong));
        Assert.Equal(parameter, error.Parameter);
    }

    private static async Task<ChoiceResult> RunAsync(GenerationRequest request)
    {
        await using var executor = new TinyModelExecutor(Limits);
        await using var engine = InferenceEngine.Start(executor, text: new LetterText(Limits.VocabularySize));
        return (await engine.Submit(request).CompletionAsync())[0];
    }
}
