using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.LowRank;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>
/// A LoRA adapter in memory, or the part of it for some pieces of the model, ready to compute on a CPU. It knows neither its name nor who uses it. It must not
/// be disposed while a step uses it.
/// </summary>
public sealed class LoraAdapter : IAdapter, IDisposable
{
    private const int AttentionAndMlp = 7, Mlp = 3;

    private readonly int _experts;
    private readonly LowRankMatrix?[] _layers;
    private readonly LowRankMatrix?[] _expertMatrices;
    private readonly bool[] _adaptsExperts;
    private readonly bool[] _changesExperts;
    private readonly AdapterScope? _scope;
    private readonly NativeBuffer _memory;

    private LoraAdapter(LoraFolder folder, ModelConfig model, NativeBuffer memory, AdapterScope? scope, CancellationToken cancellationToken)
    {
        _memory = memory;
        _scope = scope;
        Digest = DigestOf(folder);
        _experts = model.Experts;
        _layers = new LowRankMatrix?[model.Layers * AttentionAndMlp];
        _adaptsExperts = new bool[model.Layers * Mlp];
        _changesExperts = new bool[model.Layers];
        _expertMatrices = folder.Modules.Any(static module => module.Place.Expert >= 0) ? new LowRankMatrix?[model.Layers * model.Experts * Mlp] : [];
        long offset = 0;
        foreach (LoraModule module in folder.Modules)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _changesExperts[module.Place.Layer] |= module.Place.Expert >= 0;
            if (scope?.Has(module.Place) == false)
            {
                continue;
            }

            ElementType type = TypeOf(module);
            LowRankMatrix matrix = new(module.Rank, module.Place.Inputs, module.Place.Outputs, type, module.Scale, memory, offset);
            offset += LowRankMatrix.BytesOf(module.Rank, module.Place.Inputs, module.Place.Outputs, type);
            Fill(matrix, module);
            Put(module.Place, matrix);
        }
    }

    /// <inheritdoc/>
    /// <remarks>It covers the whole adapter, also if only a part is in memory.</remarks>
    public string Digest { get; }

    /// <summary>Bytes of memory that it takes.</summary>
    public long Bytes => _memory.AllocatedBytes;

    /// <summary>Computes the bytes that an adapter takes in memory.</summary>
    /// <param name="folder">The adapter.</param>
    /// <param name="scope">The pieces that it is loaded for; null (default): all.</param>
    public static long BytesOf(LoraFolder folder, AdapterScope? scope = null) => folder.Modules
        .Where(module => scope?.Has(module.Place) != false)
        .Sum(static module => LowRankMatrix.BytesOf(module.Rank, module.Place.Inputs, module.Place.Outputs, TypeOf(module)));

    /// <summary>Computes the digest of an adapter, which reads all of its weights.</summary>
    public static string DigestOf(LoraFolder folder)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[16];
        foreach (LoraModule module in folder.Modules.OrderBy(static module => module.Place.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(module.Place.Name + "\0"));
            BinaryPrimitives.WriteInt32LittleEndian(numbers, module.Rank);
            BinaryPrimitives.WriteSingleLittleEndian(numbers[4..], module.Scale);
            BinaryPrimitives.WriteInt32LittleEndian(numbers[8..], (int)module.A.StoredType);
            BinaryPrimitives.WriteInt32LittleEndian(numbers[12..], (int)module.B.StoredType);
            hash.AppendData(numbers);
            hash.AppendData(module.A.Slice(0, checked((int)module.A.ByteLength)));
            hash.AppendData(module.B.Slice(0, checked((int)module.B.ByteLength)));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Copies an adapter to memory. bfloat16 stays so, everything else becomes float32.</summary>
    /// <param name="folder">The adapter, opened for the same model. It may be disposed afterwards.</param>
    /// <param name="model">The model.</param>
    /// <param name="scope">The pieces that it is loaded for; null (default): all.</param>
    /// <param name="cancellationToken">Stops loading; nothing stays allocated.</param>
    public static LoraAdapter Load(LoraFolder folder, ModelConfig model, AdapterScope? scope = null, CancellationToken cancellationToken = default)
    {
        NativeBuffer memory = new(BytesOf(folder, scope));
        try
        {
            return new LoraAdapter(folder, model, memory, scope, cancellationToken);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>The matrix for attention, or for the plain or shared MLP, of a layer; null if it is not adapted.</summary>
    public LowRankMatrix? Find(int layer, AdaptedProjection projection) => _layers[(layer * AttentionAndMlp) + (int)projection];

    /// <summary>The matrix for a routed expert; null if it is not adapted.</summary>
    public LowRankMatrix? FindExpert(int layer, int expert, AdaptedProjection projection) =>
        _expertMatrices.Length == 0 ? null : _expertMatrices[(((layer * _experts) + expert) * Mlp) + projection - AdaptedProjection.Gate];

    /// <summary>Whether the adapter is in memory for a layer's attention and its plain or shared MLP, as far as it changes them.</summary>
    public bool Covers(int layer) => _scope?.HasLayer(layer) != false;

    /// <summary>Whether the adapter is in memory for a routed expert, as far as it changes it.</summary>
    public bool Covers(int layer, int expert) => !_changesExperts[layer] || _scope?.HasExpert(layer, expert) != false;

    /// <summary>Whether the adapter changes any routed expert of a layer, in memory or not.</summary>
    public bool ChangesExperts(int layer) => _changesExperts[layer];

    /// <summary>Whether any routed expert of a layer is adapted in memory.</summary>
    public bool AdaptsExperts(int layer, AdaptedProjection projection) => _adaptsExperts[(layer * Mlp) + projection - AdaptedProjection.Gate];

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _memory.Dispose();

    private static ElementType TypeOf(LoraModule module) =>
        module.A.StoredType == StoredType.BF16 && module.B.StoredType == StoredType.BF16 ? ElementType.BF16 : ElementType.F32;

    private static void Fill(LowRankMatrix matrix, LoraModule module)
    {
        int rowBytesA = matrix.Inputs * module.A.StoredType.Size(), rowBytesB = matrix.Rank * module.B.StoredType.Size();
        for (int row = 0; row < matrix.Rank; row++)
        {
            matrix.SetA(row, module.A.Slice((long)row * rowBytesA, rowBytesA), module.A.ElementType);
        }

        for (int row = 0; row < matrix.Outputs; row++)
        {
            matrix.SetB(row, module.B.Slice((long)row * rowBytesB, rowBytesB), module.B.ElementType);
        }
    }

    private void Put(AdaptedPlace place, LowRankMatrix matrix)
    {
        if (place.Expert < 0)
        {
            _layers[(place.Layer * AttentionAndMlp) + (int)place.Projection] = matrix;
            return;
        }

        int projection = place.Projection - AdaptedProjection.Gate;
        _expertMatrices[(((place.Layer * _experts) + place.Expert) * Mlp) + projection] = matrix;
        _adaptsExperts[(place.Layer * Mlp) + projection] = true;
    }
}
