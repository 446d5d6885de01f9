using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Server.Generation;

/// <summary>What came of one answer since the last piece.</summary>
/// <param name="Text">Text to show; may be empty.</param>
/// <param name="Samples">Log probabilities of the tokens that came, a stop id left out; empty unless asked for.</param>
/// <param name="Finish">Set in the last piece.</param>
internal readonly record struct AnswerPiece(string Text, ReadOnlyMemory<SampledToken> Samples, FinishReason Finish);
