using System.CommandLine;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Reads the options that set how a model computes.</summary>
internal static class ComputeSettings
{
    /// <summary>The model options of the command line; everything else has its default.</summary>
    /// <exception cref="ModelException">There is no such device, or it cannot be used.</exception>
    public static ModelOptions Read(ParseResult parsed) => new()
    {
        Device = Device(parsed),
        Mode = Mode(parsed),
        Quant = Quant(parsed),
        Kv = Kv(parsed),
        MaxModelLength = parsed.GetValue(SharedOptions.MaxModelLength),
        Threads = parsed.GetValue(SharedOptions.Threads) ?? 0,
        PackedCache = parsed.GetResult(SharedOptions.PackedCache) is null
            ? null
            : parsed.GetValue(SharedOptions.PackedCache) ?? FolderOf(SharedOptions.ModelFolder(parsed)),
        Mtp = Guessing(parsed).MtpTokens > 0,
        OnWarning = parsed.InvocationConfiguration.Error.WriteLine,
    };

    // The packed copy of a GGUF file is beside it.
    private static string FolderOf(string model) => File.Exists(model) ? Path.GetDirectoryName(Path.GetFullPath(model))! : model;

    /// <summary>The device of the command line; null means the CPU.</summary>
    /// <exception cref="ModelException">There is no such device, or it cannot be used.</exception>
    public static DeviceChoice? Device(ParseResult parsed)
    {
        if (parsed.GetValue(SharedOptions.Device) is not { } name || !CudaDeviceChoice.IsName(name))
        {
            return null;
        }

        try
        {
            return CudaDeviceChoice.Find(name);
        }
        catch (CudaException e)
        {
            throw new ModelException(e.Message, e);
        }
    }

    /// <summary>How the engine fills steps; everything that no option sets has its default.</summary>
    public static SchedulerOptions Scheduler(ParseResult parsed) => new()
    {
        Speculation = Guessing(parsed),
    };

    // Verbs without these options guess from the text so far, as far as it pays.
    private static SpeculationOptions Guessing(ParseResult parsed) => SpeculationOptions.Parse(Word(parsed, SharedOptions.Speculation) ?? "auto")!
        .WithMtp(Word(parsed, SharedOptions.Mtp) ?? "off")!;

    private static string? Word(ParseResult parsed, Option<string> option) => parsed.GetResult(option) is null ? null : parsed.GetValue(option);

    /// <summary>The arithmetic of the command line.</summary>
    public static ComputeMode Mode(ParseResult parsed) => parsed.GetValue(SharedOptions.Mode) == "f32" ? ComputeMode.F32 : ComputeMode.Bf16;

    /// <summary>The format of the weights; null means the format of the checkpoint.</summary>
    public static QuantFormat? Quant(ParseResult parsed) => parsed.GetValue(SharedOptions.Quant) is { } word ? QuantFormats.Parse(word) : null;

    /// <summary>The format of keys and values; null means that of the arithmetic.</summary>
    public static KvFormat? Kv(ParseResult parsed) => parsed.GetValue(SharedOptions.Kv) is { } word ? Enum.Parse<KvFormat>(word, ignoreCase: true) : null;
}
