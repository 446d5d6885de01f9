using System.Diagnostics;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Bench.Placement;

/// <summary>Measures how long plans take: a new one, one after a silo was lost, and an estimate of steps, for growing numbers of silos.</summary>
internal static class PlanBenchmark
{
    private const int Rounds = 5, Streams = 200, Steps = 16;
    private const double MemoryFactor = 1.5;

    /// <summary>Prints a line for each number of silos. They are alike, and have half as much memory again as the model's weights take.</summary>
    /// <param name="folder">The model folder; only its config.json is read.</param>
    public static void Run(string folder)
    {
        ModelConfig config = ModelConfig.Load(folder);
        PlanOptions options = new() { Quant = QuantFormat.Int4All };
        long bytes = PartitionPlan.Create(config, Alike(1, 1L << 50), options).Silos[0].WeightBytes;
        Console.WriteLine("silos  new ms  after a loss ms  estimate of steps ms");
        foreach (int count in new[] { 4, 16, 64 })
        {
            SiloCapacity[] silos = Alike(count, (long)(bytes * MemoryFactor / count));
            (double created, PartitionPlan plan) = Fastest(() => PartitionPlan.Create(config, silos, options));
            PlanOptions next = options with { Previous = plan };
            (double adapted, _) = Fastest(() => PartitionPlan.Create(config, silos[1..], next));

            // Plans keep their estimates, so each round needs a new one.
            PartitionPlan[] plans = [.. Enumerable.Range(0, Rounds).Select(_ => PartitionPlan.Create(config, silos, options))];
            int round = 0;
            (double estimated, _) = Fastest(() => plans[round++].DecodeSteps(Streams, Steps));
            Console.WriteLine($"{count,5}  {created,6:0.0}  {adapted,15:0.0}  {estimated,20:0.0}");
        }
    }

    private static SiloCapacity[] Alike(int count, long memory) =>
        [.. Enumerable.Range(0, count).Select(i => SiloCapacity.FromDevice($"silo-{i:000}", DeviceCatalog.Get("cpu"), memoryBytes: memory))];

    private static (double Milliseconds, T Result) Fastest<T>(Func<T> work)
    {
        double fastest = double.PositiveInfinity;
        T result = default!;
        for (int i = 0; i < Rounds; i++)
        {
            long started = Stopwatch.GetTimestamp();
            result = work();
            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return (fastest, result);
    }
}
