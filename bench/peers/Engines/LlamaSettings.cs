using LLama.Native;

namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>Settings of llama.cpp.</summary>
internal sealed record LlamaSettings
{
    /// <summary>Number of threads, for prompts and for single tokens.</summary>
    public required int Threads { get; init; }

    /// <summary>Whether attention uses the fused kernel. Default true.</summary>
    public bool FlashAttention { get; init; } = true;

    /// <summary>
    /// Whether the file is mapped instead of read. Default false: memory that is read into can have large pages, and mapped files cannot.
    /// </summary>
    public bool MapFile { get; init; }

    /// <summary>Type of cached keys and values. Default float16, llama.cpp's own default.</summary>
    public GGMLType Cache { get; init; } = GGMLType.GGML_TYPE_F16;
}
