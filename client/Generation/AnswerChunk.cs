using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>What came of an answer since its last chunk: ids, and the text they add.</summary>
/// <param name="Choice">Which of the request's answers, from 0.</param>
/// <param name="Ids">New token ids; may be empty in the last chunk.</param>
/// <param name="Text">
/// Text to show after that of the chunks before, possibly empty: never half a character, nothing of a stop string. Empty where the model has no
/// tokenizer.
/// </param>
/// <param name="Samples">The tokens with their log probabilities; empty unless asked for.</param>
/// <param name="Finish">Set in the answer's last chunk: stop or length.</param>
/// <param name="EndsWithStopId">True in the last chunk where its last id is a stop id, which is not part of the text.</param>
/// <param name="Usage">Set in the answer's last chunk.</param>
public sealed record AnswerChunk(
    int Choice,
    ReadOnlyMemory<int> Ids,
    string Text,
    ReadOnlyMemory<SampledToken> Samples,
    FinishReason Finish,
    bool EndsWithStopId,
    AnswerUsage? Usage);

/// <summary>The tokens of a finished answer.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CachedPromptTokens">Of these, tokens that were found in the prefix cache.</param>
/// <param name="AnswerTokens">Tokens of the answer, a stop id included; those it was resumed with too.</param>
public sealed record AnswerUsage(int PromptTokens, int CachedPromptTokens, int AnswerTokens);
