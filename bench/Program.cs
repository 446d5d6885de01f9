using HunyuanOrleans.Bench;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Measurement;
using HunyuanOrleans.Kernels.Threading;

// Usage: dotnet run -c Release --project bench -- [threads] [attention|products]    (runs one benchmark, or all if none is named)
//        dotnet run -c Release --project bench -- constraints FOLDER    (uses the tokenizer of a model folder)
// These benchmarks measure the kernels alone, next to the machine's limits in the same run. `./run bench` measures a whole model.
if (args is ["constraints", string folder])
{
    ConstraintBenchmark.Run(folder);
    return;
}

int threads = args.Length > 0 && int.TryParse(args[0], out int given) && given > 0 ? given : Environment.ProcessorCount;
InstructionSet isa = InstructionSets.Choose();
using WorkerPool pool = new(threads);
pool.PinCurrentThread();
using MachineLimits limits = new(pool, isa);
Console.WriteLine($"{pool.Threads} threads, {isa.ToString().ToLowerInvariant()}");
if (args is [] or [_])
{
    ForkJoinBenchmark.Run(pool);
}

if (!args.Contains("attention"))
{
    MatrixProductBenchmark.Run(pool, limits, isa);
}

if (!args.Contains("products"))
{
    AttentionBenchmark.Run(pool, limits, isa);
}
