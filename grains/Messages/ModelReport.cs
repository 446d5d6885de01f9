namespace HunyuanOrleans.Grains.Messages;

/// <summary>What a model is doing and who holds it.</summary>
/// <param name="Card">The model.</param>
/// <param name="Home">Silo of its scheduler.</param>
/// <param name="Silos">Names of the cluster's active silos.</param>
/// <param name="Epoch">Which scheduler it is.</param>
/// <param name="Version">The route in force; 0 before the first.</param>
/// <param name="Stages">Keys of the attention shards in order.</param>
/// <param name="Groups">Keys of the expert groups.</param>
/// <param name="Statistics">What the engine is doing.</param>
/// <param name="Retries">Steps that had to be sent again.</param>
/// <param name="Switches">Changes of route.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.model.report")]
public sealed record ModelReport(
    ModelCard Card, string Home, string[] Silos, long Epoch, long Version, string[] Stages, string[] Groups, StatisticsMessage Statistics, long Retries, long Switches);
