using HunyuanOrleans.Bench;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Measurement;
using HunyuanOrleans.Kernels.Threading;

// Usage: dotnet run -c Release --project bench -- [threads] [attention|products]    (one of them alone, else everything)
//        dotnet run -c Release --project bench -- constraints FOLDER    (with the tokenizer of a model folder)
// A whole model is measured by `./run bench`; this is the kernels alone, each beside the machine's limit in the same run.
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
