using System.Text;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Engine.Tests.Support;

/// <summary>Token text in which each token is one or two letters, so stop strings cross token boundaries.</summary>
internal sealed class LetterText(int vocabulary) : ITokenText
{
    private readonly byte[][] _bytes = [.. Enumerable.Range(0, vocabulary).Select(id => Encoding.UTF8.GetBytes(Letters(id)))];

    public ReadOnlySpan<byte> TokenBytes(int id) => _bytes[id];

    public static string Letters(int id) => id % 3 == 0 ? $"{(char)('a' + (id % 5))}{(char)('a' + (id / 5 % 5))}" : $"{(char)('a' + (id % 5))}";

    public static string Join(IEnumerable<int> ids) => string.Concat(ids.Select(Letters));
}
