namespace HunyuanOrleans.Contracts.Messages;

/// <summary>The properties of a model that callers need.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="VocabularySize">Number of token ids.</param>
/// <param name="MaxContext">Largest number of tokens of prompt and answer together.</param>
/// <param name="EosIds">Token ids that end an answer.</param>
/// <param name="Experts">Number of routed experts of a layer; 1 for a dense model.</param>
/// <param name="HasText">True if the model has a tokenizer.</param>
/// <param name="Problem">Why the model cannot compute now, for users; null if it can.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.model.card")]
public sealed record ModelCard(
    [property: Id(0)] string Name,
    [property: Id(1)] int VocabularySize,
    [property: Id(2)] int MaxContext,
    [property: Id(3)] int[] EosIds,
    [property: Id(4)] int Experts,
    [property: Id(5)] bool HasText,
    [property: Id(6)] string? Problem)
{
    /// <summary>How far the silos are with loading the next plan of the model; null while they load nothing. The model may compute meanwhile.</summary>
    [Id(7)]
    public LoadingProgress? Loading { get; init; }

    /// <summary>Version of the scheduler's list of adapters; 0 if there were never any. A silo whose list is older does not know all of them.</summary>
    [Id(8)]
    public long AdapterVersion { get; init; }
}
