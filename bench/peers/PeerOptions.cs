using HunyuanOrleans.Bench.Devices;
using HunyuanOrleans.Bench.Peers.Measuring;

namespace HunyuanOrleans.Bench.Peers;

/// <summary>The options of the program.</summary>
internal sealed record PeerOptions
{
    /// <summary>The options as the command line has them.</summary>
    public const string Usage = """
        Usage: bench/peers/run [--model DIR] [OPTION …]

        Compares the engines on a small model and, with --model, measures both on a model folder.

          --model DIR      a Hunyuan folder with experts that hunyuan make-model wrote with --cla-factor 1
          --gguf DIR       where the converted files are kept (artifacts/peers)
          --forms LIST     bf16, f16, int8-all, int4-all; f16 compares our bf16 with llama.cpp's float16 (all)
          --cases LIST     words; only cases whose names contain one of them are measured (all)
          --context N      positions of a long context (4096)
          --rounds N       measured rounds of each case, of which the best counts (10)
          --threads N      threads of each engine (one for each CPU)
          --no-flash       llama.cpp without its fused attention
          --map            llama.cpp with a mapped file instead of one that is read
          --json FILE      also write the results as JSON

        HUNYUAN_ISA chooses our instruction set, and llama.cpp's build with it.
        """;

    // A prompt of the long context must leave room for the last step of 512 tokens.
    private const int LeastContext = 1024;

    /// <summary>The model folder; null to compare only.</summary>
    public string? Model { get; init; }

    /// <summary>Folder of the converted files.</summary>
    public required string GgufFolder { get; init; }

    /// <summary>The forms to measure.</summary>
    public required PeerForm[] Forms { get; init; }

    /// <summary>The cases to measure.</summary>
    public required PeerCase[] Cases { get; init; }

    /// <summary>Measured rounds of each case.</summary>
    public required int Rounds { get; init; }

    /// <summary>Threads of each engine.</summary>
    public required int Threads { get; init; }

    /// <summary>Whether llama.cpp uses its fused attention.</summary>
    public required bool FlashAttention { get; init; }

    /// <summary>Whether llama.cpp maps its file.</summary>
    public required bool MapFile { get; init; }

    /// <summary>The JSON file; null for none.</summary>
    public string? Json { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">An option is unknown or its value is not allowed.</exception>
    public static PeerOptions Parse(ReadOnlySpan<string> arguments)
    {
        Arguments read = new(
            arguments, ["--no-flash", "--map"], ["--model", "--gguf", "--forms", "--cases", "--context", "--rounds", "--threads", "--json"]);
        string[] words = read.Find("--cases")?.Split(',') ?? [""];
        PeerCase[] cases = [.. PeerCase.All(Integer(read, "--context", 4096, LeastContext)).Where(what => words.Any(what.Name.Contains))];
        return new PeerOptions
        {
            Model = read.Find("--model"),
            GgufFolder = read.Find("--gguf") ?? Path.Combine("artifacts", "peers"),
            Forms = PeerForm.Parse(read.Find("--forms") ?? string.Join(',', PeerForm.All.Select(static form => form.Name))),
            Cases = cases.Length > 0 ? cases : throw new ArgumentException($"--cases {read.Find("--cases")} fits no case."),
            Rounds = Integer(read, "--rounds", 10, 1),
            Threads = Integer(read, "--threads", Environment.ProcessorCount, 1),
            FlashAttention = !read.Has("--no-flash"),
            MapFile = read.Has("--map"),
            Json = read.Find("--json"),
        };
    }

    private static int Integer(Arguments read, string name, int otherwise, int least) => read.Integers(name, otherwise) switch
    {
        [int value] when value >= least => value,
        _ => throw new ArgumentException($"{name} is {read.Find(name)}; allowed: one integer, at least {least}."),
    };
}
