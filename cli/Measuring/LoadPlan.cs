namespace HunyuanOrleans.Cli.Measuring;

/// <summary>What load sends.</summary>
/// <param name="Url">The server's address, without /v1.</param>
/// <param name="Model">The model requests name.</param>
/// <param name="ApiKey">The key requests show; null for none.</param>
/// <param name="Requests">How many.</param>
/// <param name="Concurrency">Most in progress at once.</param>
/// <param name="Rate">Requests begun per second, as a Poisson process; null: as soon as there is room.</param>
/// <param name="PromptLength">Words of a prompt.</param>
/// <param name="AnswerLength">Most tokens of an answer.</param>
/// <param name="IgnoreEos">Whether answers are asked to have that length exactly (vLLM's ignore_eos).</param>
/// <param name="Ids">Whether prompts are token ids, sent for completion: for models without a tokenizer.</param>
/// <param name="Seed">Of the prompts and of the moments they are sent at.</param>
internal sealed record LoadPlan(
    Uri Url, string Model, string? ApiKey, int Requests, int Concurrency, double? Rate, int PromptLength, int AnswerLength, bool IgnoreEos, bool Ids, int Seed);
