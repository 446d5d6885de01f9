namespace HunyuanOrleans.Grains.Messages;

/// <summary>What a silo knows of a model's adapters.</summary>
/// <param name="Records">The records that it had before the call.</param>
/// <param name="Own">The adapters that it was started with, with version 0.</param>
/// <param name="Budget">Most bytes of adapters in its memory; 0: it computes none.</param>
/// <param name="Problems">The adapters that it cannot use.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.adapter.report")]
public sealed record AdapterReport(
    [property: Id(0)] AdapterRecord[] Records, [property: Id(1)] AdapterRecord[] Own, [property: Id(2)] long Budget, [property: Id(3)] AdapterProblem[] Problems);

/// <summary>An adapter that a silo cannot use.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reason">The reason, for operators.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.adapter.problem")]
public sealed record AdapterProblem([property: Id(0)] string Name, [property: Id(1)] string Reason);
