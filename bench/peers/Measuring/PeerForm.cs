using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Bench.Peers.Measuring;

/// <summary>A form of weights in our engine, and the nearest one of llama.cpp.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Quant">Our form.</param>
/// <param name="Gguf">llama.cpp's form.</param>
/// <param name="Element">The element type whose peak arithmetic limits our products.</param>
internal sealed record PeerForm(string Name, QuantFormat Quant, GgufType Gguf, ElementType Element)
{
    /// <summary>The name of our form in results.</summary>
    public string Weights => Quant == QuantFormat.None ? "bf16" : Quant.Name();

    /// <summary>All forms. Weights in bf16 are compared with both 16-bit types of llama.cpp: which is faster depends on the processor.</summary>
    public static IReadOnlyList<PeerForm> All { get; } =
    [
        new("bf16", QuantFormat.None, GgufType.BF16, ElementType.BF16),
        new("f16", QuantFormat.None, GgufType.F16, ElementType.BF16),
        new("int8-all", QuantFormat.Int8All, GgufType.Q8_0, ElementType.I8),
        new("int4-all", QuantFormat.Int4All, GgufType.Q4_0, ElementType.I4),
    ];

    /// <summary>The forms with the given names, with commas between them.</summary>
    /// <exception cref="ArgumentException">A name is unknown.</exception>
    public static PeerForm[] Parse(string names) =>
    [
        .. names.Split(',').Select(static name => All.FirstOrDefault(form => form.Name == name)
            ?? throw new ArgumentException($"--forms has {name}; allowed: {string.Join(", ", All.Select(static form => form.Name))}, with commas between them.")),
    ];
}
