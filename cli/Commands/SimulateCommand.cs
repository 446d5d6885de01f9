using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Simulation;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>simulate</c>: runs real silos of any size on devices that are simulated.</summary>
internal static class SimulateCommand
{
    private const int MaxSilos = 256, MaxStreams = 256, DefaultSilos = 16, DefaultPrompt = 2048, DefaultAnswer = 128;

    private static readonly Option<string> Model = new("--model", "-m")
    {
        Description = "A folder with config.json, or a config file.", HelpName = "CONFIG", Required = true,
    };

    private static readonly Option<int?> Silos = Number("--silos", DefaultSilos, MaxSilos, "Number of silos.");
    private static readonly Option<int?> Together = Number("--silos-in-process", 1, MaxSilos, "Silos in each process. With more than one, more silos fit this machine, but none can be killed.");
    private static readonly Option<int?> Prompt = Number("--prompt", DefaultPrompt, 1 << 20, "Tokens of each prompt.");
    private static readonly Option<int?> Answer = Number("--gen", DefaultAnswer, 1 << 20, "Tokens of each answer.");
    private static readonly Option<int?> Zone = new Option<int?>("--zone-size") { Description = "Silos in each zone. [default: no zones]", HelpName = "N" }.InRange(1, MaxSilos);

    private static readonly Option<string> Device = new("--device")
    {
        Description = "The device of each silo, or its speeds as BYTES_PER_S,FLOPS,LOAD_BYTES_PER_S.",
        HelpName = string.Join('|', DeviceCatalog.Names),
        DefaultValueFactory = static _ => "h20",
    };

    private static readonly Option<string?> Memory = new("--memory") { Description = "Memory of a silo for weights and K/V. [default: the device's, without its buffers]", HelpName = "SIZE" };
    private static readonly Option<string?> Link = new("--link") { Description = "The link between silos: LATENCY[,BANDWIDTH] such as 25us,12.5GB/s. [default: this machine's]", HelpName = "LINK" };
    private static readonly Option<string?> Svg = new("--svg") { Description = "Draw the silos' time and the tokens per second to FILE.", HelpName = "FILE" };
    private static readonly Option<string?> Logs = new("--logs") { Description = "Keep the logs of the silo processes in DIR. [default: the logs are deleted]", HelpName = "DIR" };
    private static readonly Option<double?> TimeScale = Real("--time-scale", 0.001, 1000, "Real seconds for each simulated second. [default: 1]");
    private static readonly Option<double?> Skew = Real("--expert-skew", 0, 10, "How unevenly experts are chosen. [default: 0, all alike]");

    private static readonly Option<int[]> Streams = new Option<int[]>("--streams")
    {
        Description = "Numbers of streams, a run for each.", HelpName = "N,N", DefaultValueFactory = static _ => [1, 4, 32],
    }.ListInRange(1, MaxStreams);

    private static readonly Option<SimulationEvent[]> Kill = new("--kill")
    {
        Description = $"What happens to silos in the last run: {SimulationEvent.Form}.",
        HelpName = "TARGET@S,...",
        CustomParser = ParseEvents,
        DefaultValueFactory = static _ => [],
    };

    private static readonly Option<double?> Restart = Real("--restart-after", 0, 86400, "Simulated seconds after which a killed silo starts again. [default: never]");

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("simulate", "Runs real silos on simulated devices at any size: speed, loading, and what happens when silos end. Needs only config.json.")
        {
            Model, Silos, Together, Device, Memory, Link, SharedOptions.Quant, SharedOptions.Kv, Streams, Prompt, Answer, Skew, Zone, Kill, Restart, TimeScale, Svg, Logs, SharedOptions.Json,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        string config = parsed.GetValue(Model)!;
        string? copy = null;
        try
        {
            string folder = File.Exists(config) ? copy = Copy(config) : config;
            SimulationPlan plan = Plan(parsed, folder, copy is null ? DrillPlan.NameOf(folder) : Path.GetFileNameWithoutExtension(config));
            using InterruptHandler interrupt = new();
            TextWriter error = parsed.InvocationConfiguration.Error;
            SimulationReport report = await SimulationRunner.RunAsync(plan, (_, _, note) => Note(error, note), TimeProvider.System, interrupt.Token);
            Write(parsed, plan, report);
            return report.Passed ? ExitCode.Success : ExitCode.Failure;
        }
        finally
        {
            if (copy is not null)
            {
                Directory.Delete(copy, recursive: true);
            }
        }
    }

    private static SimulationPlan Plan(ParseResult parsed, string folder, string name)
    {
        string device = parsed.GetValue(Device)!;
        if (DeviceCatalog.FindSimulated(DeviceCatalog.SimulatedPrefix + device) is null)
        {
            throw new UsageException($"--device is '{device}'; allowed: {string.Join(", ", DeviceCatalog.Names)}, or BYTES_PER_S,FLOPS,LOAD_BYTES_PER_S such as 4TB,148e12,2GB.");
        }

        SimulationPlan plan = new()
        {
            Folder = folder,
            ModelName = name,
            Config = ModelConfig.Load(folder),
            Silos = parsed.GetValue(Silos) ?? DefaultSilos,
            Device = device,
            Memory = parsed.GetValue(Memory),
            Link = parsed.GetValue(Link),
            Streams = parsed.GetValue(Streams)!,
            Prompt = parsed.GetValue(Prompt) ?? DefaultPrompt,
            Answer = parsed.GetValue(Answer) ?? DefaultAnswer,
            Events = parsed.GetValue(Kill)!,
            RestartAfter = parsed.GetValue(Restart) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            TimeScale = parsed.GetValue(TimeScale) ?? 1,
            ExpertSkew = parsed.GetValue(Skew) ?? 0,
            ZoneSize = parsed.GetValue(Zone) ?? 0,
            SilosInProcess = parsed.GetValue(Together) ?? 1,
            Quant = ComputeSettings.Quant(parsed),
            Kv = ComputeSettings.Kv(parsed) ?? KvFormat.Bf16,
            Logs = parsed.GetValue(Logs),
        };
        return plan.Prompt + plan.Answer > plan.Config.MaxPositions
            ? throw new UsageException($"--prompt and --gen are {plan.Prompt + plan.Answer} tokens together; the model's context is {plan.Config.MaxPositions}.")
            : plan.Events.Any(static e => e.Target == SimulationTarget.Zone) && plan.ZoneSize == 0
            ? throw new UsageException("--kill zone needs zones: give --zone-size.")
            : plan.Events.Count > 0 && plan.SilosInProcess > 1
            ? throw new UsageException("--kill ends processes: with --silos-in-process 1 only.")
            : plan;
    }

    private static void Write(ParseResult parsed, SimulationPlan plan, SimulationReport report)
    {
        if (parsed.GetValue(Svg) is { } svg)
        {
            File.WriteAllText(svg, SimulationChart.Draw(plan, report));
        }

        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(SimulationResult.Of(plan, report), JsonOutput.Readable.SimulationResult));
        }
        else
        {
            SimulationTable.Write(plan, report, output);
        }
    }

    private static void Note(TextWriter error, string? note)
    {
        if (note is not null)
        {
            error.WriteLine($"Simulation: {note}");
        }
    }

    private static string Copy(string config)
    {
        byte[] content = File.ReadAllBytes(config);
        string folder = Directory.CreateTempSubdirectory("hunyuan-simulate-").FullName;
        File.WriteAllBytes(Path.Combine(folder, "config.json"), content);
        return folder;
    }

    private static SimulationEvent[] ParseEvents(ArgumentResult result)
    {
        List<SimulationEvent> events = [];
        foreach (string text in result.Tokens.SelectMany(static token => token.Value.Split(',')))
        {
            if (SimulationEvent.Parse(text) is { } next)
            {
                events.Add(next);
            }
            else
            {
                result.AddError($"--kill takes {SimulationEvent.Form}; not '{text}'.");
            }
        }

        return [.. events];
    }

    private static Option<int?> Number(string name, int defaultValue, int most, string description) =>
        new Option<int?>(name) { Description = $"{description} [default: {defaultValue}]", HelpName = "N" }.InRange(1, most);

    private static Option<double?> Real(string name, double least, double most, string description) =>
        new Option<double?>(name) { Description = description, HelpName = "X" }.InRange(least, most);
}
