using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Requests;

public sealed class RequestValidatorTests
{
    private static readonly ExecutorLimits ByContext = new(50, 100, 1000, 4, 64, 8);
    private static readonly ExecutorLimits ByPool = new(50, 1000, 10, 4, 64, 8);

    public static TheoryData<string, GenerationRequest, string> Wrong => new()
    {
        { "prompt", new() { PromptIds = Array.Empty<int>() }, "empty" },
        { "prompt", new() { PromptIds = new[] { 50 } }, "0 to 49" },
        { "prompt", new() { PromptIds = new[] { -1 } }, "0 to 49" },
        { "prompt", new() { PromptIds = new int[100] }, "may have 100, which the model's context allows" },
        { "max_tokens", new() { PromptIds = new int[60], MaxTokens = 41 }, "together they may be 100, which the model's context allows" },
        { "max_tokens", new() { PromptIds = new int[1], MaxTokens = 0 }, "1 or more" },
        { "n", new() { PromptIds = new int[1], Choices = 0 }, "1 to 128" },
        { "stop_token_ids", new() { PromptIds = new int[1], StopIds = [77] }, "0 to 49" },
        { "stop", new() { PromptIds = new int[1], StopStrings = ["x"] }, "need a tokenizer" },
        { "seed", new() { PromptIds = new int[1], Resume = [new(0, default)] }, "needs the seed" },
        { "resume", Resuming(), "lists no choice" },
        { "resume", Resuming(new ResumedChoice(2, default)), "lists choice 2; allowed: 0 to 1" },
        { "resume", Resuming(new ResumedChoice(-1, default)), "lists choice -1" },
        { "resume", Resuming(new(1, default), new(1, default)), "choice 1 twice" },
        { "resume", Resuming(new ResumedChoice(0, new[] { 3, 50 })), "0 to 49" },
        { "top_p", new() { PromptIds = new int[1], Sampling = new() { TopP = 2 } }, "above 0, up to 1" },
    };

    private static GenerationRequest Resuming(params ResumedChoice[] choices)
        => new() { PromptIds = new int[1], Choices = 2, Sampling = new() { Seed = 1 }, Resume = choices };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_request_that_cannot_be_served_is_rejected_with_the_parameter(string parameter, GenerationRequest request, string reason)
    {
        RequestException error = Assert.Throws<RequestException>(() => RequestValidator.Check(request, ByContext, text: null));
        Assert.Equal(parameter, error.Parameter);
        Assert.Contains(reason, error.Message);
    }

    [Theory]
    [InlineData("c", new[] { 1 }, new int[0], "do not contain its mark")]
    [InlineData("b", new[] { 1 }, new[] { 1 }, "which is banned")]
    [InlineData("b", new int[0], new int[0], "1 to 256 ids")]
    [InlineData("b", new[] { 50 }, new int[0], "0 to 49")]
    public void The_limit_of_reasoning_must_be_able_to_end_it(string close, int[] closing, int[] banned, string reason)
    {
        GenerationRequest request = new() { PromptIds = new int[1], Sampling = new() { BannedTokens = banned }, Reasoning = new ReasoningLimit(1, null, close, closing) };
        RequestException error = Assert.Throws<RequestException>(() => RequestValidator.Check(request, ByContext, new LetterText(50)));
        Assert.Equal("thinking_token_budget", error.Parameter);
        Assert.Contains(reason, error.Message);
        Assert.Equal(99, RequestValidator.Check(new() { PromptIds = new int[1], Reasoning = new ReasoningLimit(1, null, "b", [1]) }, ByContext, new LetterText(50)));
    }

    [Fact]
    public void A_request_larger_than_the_pool_is_rejected_and_the_largest_that_fits_is_accepted()
    {
        // Ten blocks of four have 40 positions; the 41st token needs none.
        Assert.Equal(40, RequestValidator.Check(new() { PromptIds = new int[1] }, ByPool, text: null));
        Assert.Equal(1, RequestValidator.Check(new() { PromptIds = new int[40], MaxTokens = 1 }, ByPool, text: null));
        RequestException error = Assert.Throws<RequestException>(() => RequestValidator.Check(new() { PromptIds = new int[41] }, ByPool, text: null));
        Assert.Contains("the KV pool holds (10 blocks of 4)", error.Message);
        Assert.Equal(99, RequestValidator.Check(new() { PromptIds = new int[1] }, ByContext, text: null));
    }
}
