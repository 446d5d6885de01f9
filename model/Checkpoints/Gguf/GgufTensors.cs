using HunyuanOrleans.Gguf;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>
/// The tensors of a GGUF file under their published names, with the experts of a layer as separate tensors. Every size and offset is checked.
/// </summary>
internal static class GgufTensors
{
    // Files of llama.cpp's converter may have it: factors of another rotary scaling, and of none for these models.
    private static readonly string[] Unused = ["rope_freqs.weight"];

    /// <summary>Creates the views of a file.</summary>
    /// <exception cref="ModelException">A tensor has a type that is not read, lies outside the file, or is not known.</exception>
    public static IEnumerable<TensorView> Views(GgufHeader header, MappedFile file)
    {
        long end = 0;
        foreach (GgufTensorInfo info in header.Tensors.OrderBy(static t => t.Offset))
        {
            (StoredType type, long bytes) = Size(header, info, file.Length);
            if (info.Offset < end || info.Offset % header.Alignment != 0)
            {
                throw Error(header, info, $"begins at byte {info.Offset} of the data, inside the tensor before it or not at a multiple of {header.Alignment}");
            }

            end = info.Offset + bytes;
            if (Unused.Contains(info.Name))
            {
                continue;
            }

            foreach (TensorView view in Views(header, file, info, type, bytes))
            {
                yield return view;
            }
        }
    }

    private static IEnumerable<TensorView> Views(GgufHeader header, MappedFile file, GgufTensorInfo info, StoredType type, long bytes)
    {
        long offset = header.DataOffset + info.Offset;
        long[] shape = [.. Enumerable.Reverse(info.Dimensions)];
        string name = GgufNames.Published(info.Name, 0, out bool experts) ?? throw Error(header, info, "is not part of a Hunyuan model");
        if (!experts)
        {
            yield return new TensorView(file, name, type, shape, offset, bytes);
            yield break;
        }

        if (shape.Length != 3)
        {
            throw Error(header, info, $"has {shape.Length} dimensions, and the experts of a layer have 3");
        }

        // The number is the file's claim: each expert takes far more memory here than it may have there.
        if (shape[0] > ConfigReader.MaxExperts)
        {
            throw Error(header, info, $"has {shape[0]} experts; allowed: at most {ConfigReader.MaxExperts}");
        }

        long each = bytes / shape[0];
        for (int expert = 0; expert < shape[0]; expert++)
        {
            yield return new TensorView(file, GgufNames.Published(info.Name, expert, out _)!, type, shape[1..], offset + (expert * each), each);
        }
    }

    private static (StoredType Type, long Bytes) Size(GgufHeader header, in GgufTensorInfo info, long fileBytes)
    {
        StoredType type = GgufTypes.Stored(info.Type)
            ?? throw Error(header, info, $"has the element type {info.Type}, which is not read; allowed: {GgufTypes.AllowedNames}");
        (int values, int bytes) = type.Block();
        if (info.Dimensions[0] % values != 0 || info.Dimensions.Contains(0))
        {
            throw Error(header, info, $"has rows of {info.Dimensions[0]} values; allowed: multiples of {values} in {type.Name()}, and no dimension of 0");
        }

        Int128 size = info.Dimensions[0] / values * (Int128)bytes;
        foreach (long dimension in info.Dimensions.AsSpan(1))
        {
            size = size > fileBytes ? size : size * dimension;
        }

        return size <= fileBytes - header.DataOffset - info.Offset
            ? (type, (long)size)
            : throw Error(header, info, "ends behind the end of the file: the file is truncated, or its header is damaged");
    }

    private static ModelException Error(GgufHeader header, in GgufTensorInfo info, string what) => new($"{header.Path}: tensor \"{info.Name}\" {what}.");
}
