using System.Text.RegularExpressions;

namespace ColdPages.Tests;

/// <summary>A folder of the library uses only what stands left of it in docs/design.md. All share a namespace, so no compiler sees to that.</summary>
public sealed partial class LayeringTests
{
    // Two folders in one place know nothing of each other.
    private static readonly string[][] s_order = [["Interop", "Vectors"], ["Kernel"], ["Cgroups"], ["Histograms"], ["Aging"], ["Sources"], ["Diagnosis"], ["Tracking"]];

    [Fact]
    public void Every_folder_has_its_place()
    {
        string[] known = [.. s_order.SelectMany(folders => folders)];
        Assert.Equal(known.Order(), Directory.GetDirectories(Library).Select(path => Path.GetFileName(path)).Where(name => name is not "bin" and not "obj").Order());
    }

    [Fact]
    public void No_folder_uses_what_stands_right_of_it()
    {
        Dictionary<string, (int Place, string Folder)> types = [];
        for (int place = 0; place < s_order.Length; place++)
        {
            foreach (string folder in s_order[place])
            {
                foreach ((_, string code) in CodeOf(folder))
                {
                    foreach (Match declared in Declaration().Matches(code))
                        types[declared.Groups["name"].Value] = (place, folder);
                }
            }
        }

        List<string> backwards = [];
        for (int place = 0; place < s_order.Length; place++)
        {
            foreach (string folder in s_order[place])
            {
                foreach ((string file, string code) in CodeOf(folder))
                {
                    foreach (string word in Word().Matches(code).Select(match => match.Value).Distinct())
                    {
                        if (types.TryGetValue(word, out (int Place, string Folder) type) && type.Folder != folder && type.Place >= place)
                            backwards.Add($"{folder}/{file} uses {word} of {type.Folder}");
                    }
                }
            }
        }

        Assert.True(types.Count > 100);
        Assert.Empty(backwards);
    }

    private static string Library => Repository.File("src/ColdPages");

    // Without comments and strings, which may name anything, and without names that are asked of something else: a member may be called as a type is.
    private static IEnumerable<(string File, string Code)> CodeOf(string folder) =>
        Directory.GetFiles(Path.Combine(Library, folder), "*.cs").Select(file => (Path.GetFileName(file), NoCode().Replace(File.ReadAllText(file), "")));

    [GeneratedRegex("""//.*|"(\\.|[^"\\])*"|(?<=\.)\w+""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NoCode();

    [GeneratedRegex(@"\b(class|struct|interface|enum|record|delegate \w+) (?<name>[A-Z]\w*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b[A-Z]\w*", RegexOptions.None, 1000)]
    private static partial Regex Word();
}
