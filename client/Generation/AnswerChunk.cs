using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>The new tokens of an answer since its previous chunk, and the text they add.</summary>
/// <param name="Choice">Index of the answer in the request, from 0.</param>
/// <param name="Ids">New token ids; may be empty in the last chunk.</param>
/// <param name="Text">
/// Text to append to the previous chunks, possibly empty. It never ends inside a character and holds no part of a stop string. Empty if the model has
/// no tokenizer.
/// </param>
/// <param name="Samples">The tokens with their log probabilities; empty unless requested.</param>
/// <param name="Finish">Stop or length in the answer's last chunk, none in the others.</param>
/// <param name="EndsWithStopId">True in the last chunk if its last id is a stop id, which is not part of the text.</param>
/// <param name="Usage">Token counts in the answer's last chunk; null in the others.</param>
public sealed record AnswerChunk(
    int Choice,
    ReadOnlyMemory<int> Ids,
    string Text,
    ReadOnlyMemory<SampledToken> Samples,
    FinishReason Finish,
    bool EndsWithStopId,
    AnswerUsage? Usage);
