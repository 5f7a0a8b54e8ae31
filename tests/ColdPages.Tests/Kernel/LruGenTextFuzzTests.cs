using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Row = ColdPages.Tests.LruGenTextTests.Row;

namespace ColdPages.Tests;

/// <summary>Any text at all: what the parser gives is held against the same grammar in regular expressions, slow and plain.</summary>
public sealed partial class LruGenTextFuzzTests
{
    // No pattern takes long: it is what analyzers want to see.
    private const int PatternMilliseconds = 60_000;

    private static readonly byte[][] s_tokens =
    [
        .. new[]
        {
            "memcg ", " node ", "\n", " ", "            ", "x", "-", "r", "\t", "\r\n", "\0", "/a", "0", "7", "2147483648",
            "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "1234567890123456789012345678901234567890",
        }.Select(Encoding.ASCII.GetBytes),
        [255],
    ];

    // What kernels wrote, and what a parser may trip over. A text on which it ever failed belongs among them.
    public static TheoryData<string> Corpus => [.. Fixture.Names("lru_gen")];

    [Theory]
    [MemberData(nameof(Corpus))]
    public void A_text_of_the_corpus_is_read_as_its_lines_say(string name) => Check(Fixture.Read(name), name);

    // A million with COLDPAGES_FUZZ=1000000.
    [Fact]
    public void Any_text_is_read_as_its_lines_say()
    {
        int inputs = int.Parse(Environment.GetEnvironmentVariable("COLDPAGES_FUZZ") ?? "20000", CultureInfo.InvariantCulture);
        byte[][] corpus = [.. Fixture.Names("lru_gen").Select(Fixture.Read)];
        Random random = new(1);
        long allocated = 0;
        for (int input = 0; input < inputs; input++)
        {
            byte[] text = random.Next(8) switch
            {
                0 => RandomBytes(random),
                1 or 2 => RandomTokens(random),
                _ => Mutated(corpus[random.Next(corpus.Length)], random),
            };
            long before = GC.GetAllocatedBytesForCurrentThread();
            WalkAll(text);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Check(text, $"input {input}");
        }

        // Nothing for a line or a text; the runtime may when it compiles a method better.
        Assert.InRange(allocated, 0, 64 * 1024);
    }

    // It comes to an end: no line gives more than one row.
    private static void WalkAll(ReadOnlySpan<byte> text)
    {
        int lines = text.Count((byte)'\n') + 1;
        LruGenText generations = new(text);
        while (generations.MoveNext())
            Assert.True(--lines >= 0);
    }

    private static void Check(byte[] text, string what)
    {
        List<Row> rows = LruGenTextTests.Read(text, out int malformed);
        List<Row> expected = ReadByPattern(text, out int expectedMalformed);
        if (!rows.SequenceEqual(expected) || malformed != expectedMalformed)
            Assert.Fail($"{what}: {rows.Count} rows and {malformed} malformed lines, {expected.Count} and {expectedMalformed} expected, or other values. In base64: {Convert.ToBase64String(text)}");
    }

    private static byte[] RandomBytes(Random random)
    {
        byte[] text = new byte[random.Next(300)];
        random.NextBytes(text);
        return text;
    }

    private static byte[] RandomTokens(Random random)
    {
        List<byte> text = [];
        for (int count = random.Next(60); count > 0; count--)
            text.AddRange(s_tokens[random.Next(s_tokens.Length)]);
        return [.. text];
    }

    private static byte[] Mutated(byte[] seed, Random random)
    {
        List<byte> text = [.. seed];
        for (int change = random.Next(8); change >= 0 && text.Count > 0; change--)
        {
            int at = random.Next(text.Count);
            int length = Math.Min(random.Next(40), text.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    text.RemoveRange(at, length);
                    break;
                case 1:
                    text.InsertRange(at, text.GetRange(at, length));
                    break;
                case 2:
                    text[at] = (byte)random.Next(256);
                    break;
                case 3:
                    text.RemoveRange(at, text.Count - at);
                    break;
                case 4:
                    MoveLine(text, at, random);
                    break;
                default:
                    text.InsertRange(at, s_tokens[random.Next(s_tokens.Length)]);
                    break;
            }
        }

        return [.. text];
    }

    // Out of its order, to the start of another line.
    private static void MoveLine(List<byte> text, int at, Random random)
    {
        int start = text.LastIndexOf((byte)'\n', at) + 1;
        int end = text.IndexOf((byte)'\n', at) + 1;
        if (end <= start)
            return;
        List<byte> line = text.GetRange(start, end - start);
        text.RemoveRange(start, line.Count);
        text.InsertRange(text.Count == 0 ? 0 : text.LastIndexOf((byte)'\n', random.Next(text.Count)) + 1, line);
    }

    private static List<Row> ReadByPattern(byte[] text, out int malformed)
    {
        List<Row> rows = [];
        malformed = 0;
        ulong? id = null;
        string path = "";
        int node = -1;
        foreach (string line in Encoding.Latin1.GetString(text).Split('\n'))
        {
            if (line.StartsWith("memcg ", StringComparison.Ordinal))
            {
                Match match = MemcgLine().Match(line);
                id = match.Success && ulong.TryParse(match.Groups["id"].ValueSpan, out ulong number) ? number : null;
                path = match.Groups["path"].Value;
                node = -1;
                malformed += id is null ? 1 : 0;
            }
            else if (line.StartsWith(" node ", StringComparison.Ordinal))
            {
                Match match = NodeLine().Match(line);
                node = id is not null && match.Success && int.TryParse(match.Groups["node"].ValueSpan, out int number) ? number : -1;
                malformed += node < 0 ? 1 : 0;
            }
            else if (GenerationLine().Match(line) is { Success: true } match && id is { } memcg && node >= 0
                && ulong.TryParse(match.Groups["sequence"].ValueSpan, out ulong sequence) && ulong.TryParse(match.Groups["age"].ValueSpan, out ulong age)
                && long.TryParse(match.Groups["anon"].ValueSpan, out long anon) && long.TryParse(match.Groups["file"].ValueSpan, out long file))
            {
                rows.Add(new Row(memcg, path, node, sequence, age, anon, file));
            }
            else if (line.Length > 0 && !IsOfLruGenFull(line))
            {
                malformed++;
            }
        }

        return rows;
    }

    // Twelve blanks, perhaps a number, then fields that end in a letter.
    private static bool IsOfLruGenFull(string line) =>
        LineOfLruGenFull().Match(line) is { Success: true } match && (!match.Groups["number"].Success || ulong.TryParse(match.Groups["number"].ValueSpan, out _));

    [GeneratedRegex(@"^memcg +(?<id>[0-9]+)( (?<path>.*))?\z", RegexOptions.Singleline | RegexOptions.ExplicitCapture, PatternMilliseconds)]
    private static partial Regex MemcgLine();

    [GeneratedRegex(@"^ node +(?<node>[0-9]+)\z", RegexOptions.ExplicitCapture, PatternMilliseconds)]
    private static partial Regex NodeLine();

    [GeneratedRegex(@"^ *(?<sequence>[0-9]+) +(?<age>[0-9]+) +(?<anon>[0-9]+)[ x] *(?<file>[0-9]+)[ x]?\z", RegexOptions.ExplicitCapture, PatternMilliseconds)]
    private static partial Regex GenerationLine();

    [GeneratedRegex(@"^ {12}( *(?<number>[0-9]+)[ \t]+|[ \t]*)[0-9]*[A-Za-z]([ \t]+[0-9]*[A-Za-z])*[ \t]*\z", RegexOptions.ExplicitCapture, PatternMilliseconds)]
    private static partial Regex LineOfLruGenFull();
}
