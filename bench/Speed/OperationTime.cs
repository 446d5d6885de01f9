namespace HunyuanOrleans.Bench.Speed;

/// <summary>The time of one kind of operation in a step, in all layers together, with an event after each operation.</summary>
/// <param name="Name">The operation.</param>
/// <param name="Milliseconds">Time of all of them.</param>
/// <param name="Count">How many there were.</param>
internal sealed record OperationTime(string Name, double Milliseconds, int Count);
