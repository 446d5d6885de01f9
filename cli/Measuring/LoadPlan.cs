namespace HunyuanOrleans.Cli.Measuring;

/// <summary>The requests that <c>load</c> sends.</summary>
/// <param name="Url">The address of the server, without /v1.</param>
/// <param name="Model">The name of the model in requests.</param>
/// <param name="ApiKey">The API key; null sends none.</param>
/// <param name="Requests">Number of requests.</param>
/// <param name="Concurrency">Most requests in progress at the same time.</param>
/// <param name="Rate">Requests started per second on average, as a Poisson process; null starts each as soon as concurrency allows.</param>
/// <param name="PromptLength">Number of words or token ids of a prompt.</param>
/// <param name="AnswerLength">Most tokens of an answer.</param>
/// <param name="IgnoreEos">Whether answers must have exactly that length (vLLM's ignore_eos).</param>
/// <param name="Ids">Whether to send completions of token ids instead of chats, for models without a tokenizer.</param>
/// <param name="Seed">The seed of the prompts and of the start times.</param>
/// <param name="Goodput">The limits of good requests; null for none.</param>
internal sealed record LoadPlan(
    Uri Url, string Model, string? ApiKey, int Requests, int Concurrency, double? Rate, int PromptLength, int AnswerLength, bool IgnoreEos, bool Ids, int Seed,
    GoodputLimits? Goodput);
