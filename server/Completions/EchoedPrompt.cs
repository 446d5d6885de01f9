using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Server.Completions;

/// <summary>A prompt that choices begin with.</summary>
/// <param name="Text">Its text, with special tokens.</param>
/// <param name="FirstId">Its first token.</param>
internal sealed record EchoedPrompt(string Text, int FirstId)
{
    /// <summary>All tokens of the prompt. The first one has no log probability, because nothing precedes it.</summary>
    /// <param name="others">The tokens after the first, with their log probabilities.</param>
    public SampledToken[] Score(ReadOnlySpan<SampledToken> others) => [new SampledToken(FirstId, 0, null), .. others];
}
