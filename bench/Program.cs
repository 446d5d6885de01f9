using HunyuanOrleans.Bench;
using HunyuanOrleans.Bench.Checks;
using HunyuanOrleans.Bench.Counts;
using HunyuanOrleans.Bench.Devices;
using HunyuanOrleans.Bench.Loading;
using HunyuanOrleans.Bench.Placement;
using HunyuanOrleans.Bench.Speed;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Measurement;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Ptx;

// Usage: dotnet run -c Release --project bench -- [threads] [attention|products|gradients]    (runs one benchmark, or all if none is named)
//        dotnet run -c Release --project bench -- constraints FOLDER    (uses the tokenizer of a model folder)
//        dotnet run -c Release --project bench -- loading FOLDER [none|int8-all|int4-all|fp8 …]    (loads a model folder that lies in the page cache)
//        dotnet run -c Release --project bench -- plans FOLDER    (needs only a model's config.json)
//        dotnet run -c Release --project bench -- gpu-devices|gpu-check|gpu-logits|gpu-speed [--interpreter] …    (see bench/gpu/README.md)
//        dotnet run -c Release --project bench -- gpu-counts    (counts what kernels execute; docs/scale.md has the figures)
// These benchmarks measure the kernels alone, next to the machine's limits in the same run. `./run bench` measures a whole model.
if (args is ["constraints", string folder])
{
    ConstraintBenchmark.Run(folder);
    return 0;
}

if (args is ["loading", string loaded, .. string[] formats])
{
    LoadingBenchmark.Run(loaded, formats);
    return 0;
}

if (args is ["plans", string planned])
{
    PlanBenchmark.Run(planned);
    return 0;
}

if (args is [['g', 'p', 'u', '-', ..] name, .. string[] options])
{
    try
    {
        return name switch
        {
            "gpu-counts" => ProductCounts.Run(options),
            "gpu-devices" => DeviceList.Run(options),
            "gpu-check" => DeviceCheck.Run(options),
            "gpu-logits" => LogitsCheck.Run(options),
            "gpu-speed" => SpeedBenchmark.Run(options),
            _ => throw new ArgumentException($"{name} is no benchmark; allowed: gpu-counts, gpu-devices, gpu-check, gpu-logits, gpu-speed."),
        };
    }
    catch (Exception e) when (e is ArgumentException or DeviceException or PtxFault or ModelException or IOException)
    {
        Console.Error.WriteLine($"{name}: {e.Message}");
        return 2;
    }
}

int threads = args.Length > 0 && int.TryParse(args[0], out int given) && given > 0 ? given : Environment.ProcessorCount;
InstructionSet isa = InstructionSets.Choose();
using WorkerPool pool = new(threads);
pool.PinCurrentThread();
using MachineLimits limits = new(pool, isa);
Console.WriteLine($"{pool.Threads} threads, {isa.ToString().ToLowerInvariant()}");
if (args.Contains("gradients"))
{
    GradientBenchmark.Run(pool, limits);
    return 0;
}

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

return 0;
