using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>What callers must know of a model of the cluster; constant.</summary>
/// <param name="Name">Its name, as requests give it.</param>
/// <param name="HasText">It has a tokenizer: prompts may be texts and chats, and answers carry text.</param>
/// <param name="MaxTokens">Most tokens of prompt and answer together.</param>
/// <param name="Sampling">How its publisher suggests to draw.</param>
/// <param name="MaxNewTokens">Length of answers its publisher suggests; null where it does not.</param>
public sealed record ClusterModel(string Name, bool HasText, int MaxTokens, SamplingParams Sampling, int? MaxNewTokens);
