using HunyuanOrleans.Model;
using LLama.Native;

namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>Sequences in llama.cpp: one context, in which a batch extends all of them.</summary>
internal sealed class LlamaContext : IPeerContext
{
    // llama.cpp rounds the cells of a sequence up to this number.
    private const int CellStep = 256;

    private readonly SafeLLamaContextHandle _context;

    // The binding pins every entry that a batch has room for, so single tokens get a small batch of their own.
    private readonly LLamaBatch _prompt = new();
    private readonly LLamaBatch _single = new();
    private readonly int[] _lastRows;

    /// <summary>Creates the context.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="settings">Threads, attention and type of the cache.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="positions">Positions that each of them can hold.</param>
    public LlamaContext(SafeLlamaModelHandle model, LlamaSettings settings, int sequences, int positions)
    {
        _lastRows = new int[sequences];
        LLamaContextParams parameters = LLamaContextParams.Default();
        parameters.n_ctx = (uint)(sequences * ((positions + CellStep - 1) / CellStep * CellStep));
        parameters.n_batch = parameters.n_ubatch = PeerStep.MaxTokens;
        parameters.n_seq_max = (uint)sequences;
        parameters.n_threads = parameters.n_threads_batch = settings.Threads;
        parameters.llama_flash_attn_type = settings.FlashAttention
            ? LLamaFlashAttentionType.LLAMA_FLASH_ATTENTION_TYPE_ENABLED
            : LLamaFlashAttentionType.LLAMA_FLASH_ATTENTION_TYPE_DISABLED;
        parameters.type_k = parameters.type_v = settings.Cache;
        parameters.kv_unified = false;
        _context = SafeLLamaContextHandle.Create(model, parameters);
    }

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public void Truncate(int length)
    {
        for (int sequence = 0; sequence < _lastRows.Length; sequence++)
        {
            _context.MemorySequenceRemove((LLamaSeqId)sequence, length, -1);
        }

        Length = length;
    }

    /// <inheritdoc/>
    public void Step(ReadOnlySpan<int> tokens)
    {
        int count = tokens.Length / _lastRows.Length;
        LLamaBatch batch = count == 1 ? _single : _prompt;
        batch.Clear();
        for (int row = 0; row < tokens.Length; row++)
        {
            int sequence = row / count;
            int token = row % count;
            _lastRows[sequence] = batch.Add(tokens[row], Length + token, (LLamaSeqId)sequence, token == count - 1);
        }

        DecodeResult result = _context.Decode(batch);
        if (result != DecodeResult.Ok)
        {
            throw new ModelException($"llama.cpp's llama_decode of {tokens.Length} tokens after {Length} positions failed: {result}.");
        }

        _context.Synchronize();
        Length += count;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Logits(int sequence) => _context.GetLogitsIth(_lastRows[sequence]);

    /// <inheritdoc/>
    public void Dispose() => _context.Dispose();
}
